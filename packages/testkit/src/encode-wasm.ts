/** A number as unsigned LEB128 bytes. */
export function encodeLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest = Math.floor(rest / 0x80);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** A name: its length in bytes, and its UTF-8. */
export function encodeText(name: string): number[] {
  const raw = new TextEncoder().encode(name);
  return [...encodeLeb(raw.length), ...raw];
}

/** Encoded entries, after their number. */
export function encodeVector(entries: readonly (readonly number[])[]): number[] {
  return [...encodeLeb(entries.length), ...entries.flat()];
}

/** A section of a module or component. */
export function encodeSection(id: number, contents: readonly number[]): number[] {
  return [id, ...encodeLeb(contents.length), ...contents];
}

/** A custom section. */
export function encodeCustomSection(name: string, contents: readonly number[]): number[] {
  return encodeSection(0, [...encodeText(name), ...contents]);
}

/** A module of encoded sections, valid or not. */
export function encodeModule(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}

/** A component of encoded sections, valid or not. */
export function encodeComponent(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, ...sections.flat()]);
}
