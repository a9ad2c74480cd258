import type { ByteReader } from "./byte-reader.ts";

const heapTypes: Readonly<Record<number, string>> = {
  [-0x0c]: "noexn",
  [-0x0d]: "nofunc",
  [-0x0e]: "noextern",
  [-0x0f]: "none",
  [-0x10]: "func",
  [-0x11]: "extern",
  [-0x12]: "any",
  [-0x13]: "eq",
  [-0x14]: "i31",
  [-0x15]: "struct",
  [-0x16]: "array",
  [-0x17]: "exn",
};

const valueTypes: Readonly<Record<number, string>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x74: "nullexnref",
  0x73: "nullfuncref",
  0x72: "nullexternref",
  0x71: "nullref",
  0x70: "funcref",
  0x6f: "externref",
  0x6e: "anyref",
  0x6d: "eqref",
  0x6c: "i31ref",
  0x6b: "structref",
  0x6a: "arrayref",
  0x69: "exnref",
};

/** Reads a heap type: an abstract one by its name, a defined one by its index. */
function readHeapType(reader: ByteReader): string {
  const start = reader.offset;
  const exact = reader.peek() === 0x62;
  if (exact) reader.u8();
  const code = reader.s33();
  if (code >= 0) return exact ? `(exact ${code})` : String(code);
  const name = heapTypes[code];
  if (name === undefined) throw reader.fail("the heap type is unknown", start);
  return name;
}

/** Reads a value type as the text format writes it: `i32`, `funcref`, `(ref null 3)`. */
export function readValueType(reader: ByteReader): string {
  const start = reader.offset;
  const code = reader.u8();
  if (code === 0x63) return `(ref null ${readHeapType(reader)})`;
  if (code === 0x64) return `(ref ${readHeapType(reader)})`;
  const name = valueTypes[code];
  if (name === undefined) throw reader.fail(`0x${code.toString(16)} is no value type`, start);
  return name;
}
