import type { ByteReader } from "./byte-reader.ts";
import { readValueType } from "./value-types.ts";

/** A function type; parameters and results as the text format writes them. */
export interface FunctionType {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

function readTypes(reader: ByteReader, what: string): string[] {
  const types: string[] = [];
  for (let left = reader.count(what); left > 0; left--) types.push(readValueType(reader));
  return types;
}

function skipFieldType(reader: ByteReader): void {
  // i8 and i16 are storage types only.
  if (reader.peek() === 0x78 || reader.peek() === 0x77) reader.u8();
  else readValueType(reader);
  if (reader.u8() > 1) throw reader.fail("a field is neither constant nor mutable", reader.offset - 1);
}

function readCompositeType(reader: ByteReader): FunctionType | undefined {
  const start = reader.offset;
  const form = reader.u8();
  if (form === 0x60)
    return { params: readTypes(reader, "parameters"), results: readTypes(reader, "results") };
  if (form === 0x5e) {
    skipFieldType(reader);
    return undefined;
  }
  if (form === 0x5f) {
    for (let left = reader.count("fields"); left > 0; left--) skipFieldType(reader);
    return undefined;
  }
  throw reader.fail(`0x${form.toString(16)} is no kind of type`, start);
}

function readSubType(reader: ByteReader): FunctionType | undefined {
  if (reader.peek() === 0x50 || reader.peek() === 0x4f) {
    reader.u8();
    for (let left = reader.count("supertypes"); left > 0; left--) reader.u32();
  }
  return readCompositeType(reader);
}

/** Reads the contents of a type section: one entry for each type index, `undefined` for structs and arrays. */
export function readTypeSection(reader: ByteReader): (FunctionType | undefined)[] {
  const types: (FunctionType | undefined)[] = [];
  for (let groups = reader.count("types"); groups > 0; groups--) {
    if (reader.peek() !== 0x4e) {
      types.push(readSubType(reader));
      continue;
    }
    reader.u8();
    for (let left = reader.count("types of a group"); left > 0; left--) types.push(readSubType(reader));
  }
  return types;
}
