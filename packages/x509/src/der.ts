import { KrustletError } from "@krustlet/interface";

/** One value in DER (X.690): its tag, what it holds, and all of its bytes. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** Writes a value: tag, length, content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const digits: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.concat([Buffer.from([tag, 0x80 + digits.length, ...digits]), body]);
}

/** The values that follow each other in `bytes`. @throws KrustletError `InvalidObject` where they are not DER. */
export function readDer(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const value = readOne(bytes.subarray(at));
    values.push(value);
    at += value.whole.length;
  }
  return values;
}

function readOne(bytes: Buffer): DerValue {
  const tag = bytes[0];
  const first = bytes[1];
  if (tag === undefined || first === undefined) throw invalid();
  const digits = first < 0x80 ? 0 : first - 0x80;
  // Indefinite lengths are no DER, and nothing here is longer than four bytes can say.
  if (first === 0x80 || digits > 4 || bytes.length < 2 + digits) throw invalid();
  const start = 2 + digits;
  const length = digits === 0 ? first : bytes.readUIntBE(2, digits);
  if (bytes.length < start + length) throw invalid();
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}

function invalid(): KrustletError {
  return new KrustletError("InvalidObject", "What should be a certificate or a request is no valid DER.");
}
