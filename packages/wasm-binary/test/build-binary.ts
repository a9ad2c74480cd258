import {
  encodeCustomSection,
  encodeLeb,
  encodeModule,
  encodeSection,
  encodeText,
  encodeVector,
} from "@krustlet/testkit";

/** A valid module with one of nearly everything. */
export function richModule(): Uint8Array<ArrayBuffer> {
  const types = encodeVector([
    [0x60, 0, 0],
    [0x60, 2, 0x7f, 0x7e, 1, 0x7d],
    // a recursive group of a struct and an array, and a subtype
    [0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 1 + 2, 1, 0x5e, 0x77, 0],
    [0x60, 1, 0x64, 0x70, 2, 0x7b, 0x6f],
  ]);
  const imports = encodeVector([
    [...encodeText("wasi_snapshot_preview1"), ...encodeText("fd_write"), 0, 1],
    [...encodeText("env"), ...encodeText("table"), 1, 0x70, 1, 2, 9],
    [...encodeText("env"), ...encodeText("memory"), 2, 3, 1, 4],
    [...encodeText("env"), ...encodeText("global"), 3, 0x7f, 1],
    [...encodeText("env"), ...encodeText("tag"), 4, 0, 0],
    [...encodeText("ünicode ✓"), ...encodeText(""), 0, 0],
  ]);
  const exports = encodeVector([
    [...encodeText("run"), 0, 2],
    [...encodeText("again"), 0, 0],
    [...encodeText("table"), 1, 0],
    [...encodeText("memory"), 2, 0],
    [...encodeText("other memory"), 2, 1],
    [...encodeText("global"), 3, 1],
    [...encodeText("tag"), 4, 0],
  ]);
  const names = [1, ...encodeLeb(7), ...encodeVector([[2, ...encodeText("main")]]), 2, 1, 0];
  return encodeModule(
    encodeCustomSection("first", [1, 2, 3]),
    encodeSection(1, types),
    encodeSection(2, imports),
    encodeSection(3, encodeVector([[0], [0]])),
    encodeSection(4, encodeVector([[0x70, 0, 1]])),
    encodeSection(5, encodeVector([[0, 0]])),
    encodeSection(13, encodeVector([[0, 0]])),
    encodeSection(6, encodeVector([[0x7f, 0, 0x41, 7, 0x0b]])),
    encodeSection(7, exports),
    encodeSection(8, [2]),
    encodeSection(9, encodeVector([[0, 0x41, 0, 0x0b, 1, 2]])),
    encodeSection(12, [1]),
    encodeSection(
      10,
      encodeVector([
        [2, 0, 0x0b],
        [2, 0, 0x0b],
      ]),
    ),
    encodeSection(11, encodeVector([[1, 2, 0x68, 0x69]])),
    encodeCustomSection("jwt", [0x65, 0x79]),
    encodeCustomSection("name", names),
    encodeCustomSection("first", []),
  );
}
