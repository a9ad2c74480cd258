import { expect, it } from "vitest";
import { ByteReader, readTypeGroups } from "../src/index.ts";

it("reads types in full, by their recursion groups", () => {
  const contents = [
    // Three entries: a group of a struct and an open array of references to it, and a subtype of the struct by itself, and a function.
    [3],
    [0x4e, 2, 0x5f, 2, 0x78, 0, 0x63, 1, 1, 0x50, 0, 0x5e, 0x64, 0, 0],
    [0x50, 1, 0, 0x5f, 0],
    [0x60, 1, 0x7f, 2, 0x7e, 0x70],
  ].flat();
  expect([...readTypeGroups(new ByteReader(Uint8Array.from(contents)))]).toEqual([
    [
      { final: true, supertypes: [], composite: { kind: "struct", fields: ["i8", "mut (ref null 1)"] } },
      { final: false, supertypes: [], composite: { kind: "array", element: "(ref 0)" } },
    ],
    [{ final: false, supertypes: [0], composite: { kind: "struct", fields: [] } }],
    [
      {
        final: true,
        supertypes: [],
        composite: { kind: "function", params: ["i32"], results: ["i64", "funcref"] },
      },
    ],
  ]);
});
