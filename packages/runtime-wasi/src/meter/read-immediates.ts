import { KrustletError } from "@krustlet/interface";

/** An error of what stands at `at`. */
export function broken(at: number, problem: string): KrustletError {
  return new KrustletError("InvalidModule", `The WebAssembly binary is invalid at byte ${at}: ${problem}.`);
}

/** Skips LEB128 numbers; past the end it reads `undefined`, which ends a number, and the caller sees the offset. */
export function skipNumber(bytes: Uint8Array, at: number): number {
  let next = at;
  while ((bytes[next++] as number) >= 0x80);
  return next;
}

export function readNumber(bytes: Uint8Array, at: number): number {
  let result = 0;
  let shift = 0;
  let next = at;
  for (;;) {
    const byte = bytes[next++];
    if (byte === undefined) throw broken(at, "it ends too early");
    result += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return result;
    shift += 7;
    if (shift > 28 + 7) throw broken(at, "a number is too long");
  }
}

/** After a value type or a block type, whose longer forms hold a heap type. */
export function skipType(bytes: Uint8Array, at: number): number {
  const code = bytes[at];
  if (code !== 0x63 && code !== 0x64) return skipNumber(bytes, at);
  return skipNumber(bytes, bytes[at + 1] === 0x62 ? at + 2 : at + 1);
}

export function skipMemoryAccess(bytes: Uint8Array, at: number): number {
  const hasMemory = ((bytes[at] as number) & 0x40) !== 0;
  const next = skipNumber(bytes, at);
  return skipNumber(bytes, hasMemory ? skipNumber(bytes, next) : next);
}

export function skipMany(bytes: Uint8Array, at: number, end: number, skip: (at: number) => number): number {
  let left = readNumber(bytes, at);
  let next = skipNumber(bytes, at);
  while (left-- > 0 && next < end) next = skip(next);
  return next;
}

export function skipCatch(bytes: Uint8Array, at: number): number {
  const hasTag = (bytes[at] as number) < 2;
  return skipNumber(bytes, hasTag ? skipNumber(bytes, at + 1) : at + 1);
}
