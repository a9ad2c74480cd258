/** A number as LEB128 bytes. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest = Math.floor(rest / 0x80);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

export function text(name: string): number[] {
  const raw = new TextEncoder().encode(name);
  return [...leb(raw.length), ...raw];
}

export function vector(entries: readonly (readonly number[])[]): number[] {
  return [...leb(entries.length), ...entries.flat()];
}

export function section(id: number, contents: readonly number[]): number[] {
  return [id, ...leb(contents.length), ...contents];
}

export function custom(name: string, contents: readonly number[]): number[] {
  return section(0, [...text(name), ...contents]);
}

export function module(...sections: readonly number[][]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}

export function component(...sections: readonly number[][]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, ...sections.flat()]);
}

/** A valid module with one of nearly everything. */
export function richModule(): Uint8Array<ArrayBuffer> {
  const types = vector([
    [0x60, 0, 0],
    [0x60, 2, 0x7f, 0x7e, 1, 0x7d],
    // a recursive group of a struct and an array, and a subtype
    [0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 1 + 2, 1, 0x5e, 0x77, 0],
    [0x60, 1, 0x64, 0x70, 2, 0x7b, 0x6f],
  ]);
  const imports = vector([
    [...text("wasi_snapshot_preview1"), ...text("fd_write"), 0, 1],
    [...text("env"), ...text("table"), 1, 0x70, 1, 2, 9],
    [...text("env"), ...text("memory"), 2, 3, 1, 4],
    [...text("env"), ...text("global"), 3, 0x7f, 1],
    [...text("env"), ...text("tag"), 4, 0, 0],
    [...text("ünicode ✓"), ...text(""), 0, 0],
  ]);
  const exports = vector([
    [...text("run"), 0, 2],
    [...text("again"), 0, 0],
    [...text("table"), 1, 0],
    [...text("memory"), 2, 0],
    [...text("other memory"), 2, 1],
    [...text("global"), 3, 1],
    [...text("tag"), 4, 0],
  ]);
  const names = [1, ...leb(7), ...vector([[2, ...text("main")]]), 2, 1, 0];
  return module(
    custom("first", [1, 2, 3]),
    section(1, types),
    section(2, imports),
    section(3, vector([[0], [0]])),
    section(4, vector([[0x70, 0, 1]])),
    section(5, vector([[0, 0]])),
    section(13, vector([[0, 0]])),
    section(6, vector([[0x7f, 0, 0x41, 7, 0x0b]])),
    section(7, exports),
    section(8, [2]),
    section(9, vector([[0, 0x41, 0, 0x0b, 1, 2]])),
    section(12, [1]),
    section(
      10,
      vector([
        [2, 0, 0x0b],
        [2, 0, 0x0b],
      ]),
    ),
    section(11, vector([[1, 2, 0x68, 0x69]])),
    custom("jwt", [0x65, 0x79]),
    custom("name", names),
    custom("first", []),
  );
}
