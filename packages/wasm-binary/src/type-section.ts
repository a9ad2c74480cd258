import type { ByteReader } from "./byte-reader.ts";
import { readValueType } from "./value-types.ts";

/** A function type; parameters and results as the text format writes them. */
export interface FunctionType {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

/** A field of a struct or an array's element: `mut i8`, `(ref null 3)`. */
export type FieldType = string;

/** What a type of the type section is made of. */
export type CompositeType =
  | ({ readonly kind: "function" } & FunctionType)
  | { readonly kind: "struct"; readonly fields: readonly FieldType[] }
  | { readonly kind: "array"; readonly element: FieldType };

/** One type of the type section. */
export interface TypeDefinition {
  /** Whether no other type may be its subtype. */
  readonly final: boolean;
  /** Type indices. */
  readonly supertypes: readonly number[];
  readonly composite: CompositeType;
}

function readTypes(reader: ByteReader, what: string): string[] {
  const types: string[] = [];
  for (let left = reader.count(what); left > 0; left--) types.push(readValueType(reader));
  return types;
}

/** Types that only fields have. */
const packedTypes: Readonly<Record<number, string>> = { 0x78: "i8", 0x77: "i16" };

function readFieldType(reader: ByteReader): FieldType {
  const packed = packedTypes[reader.peek()];
  if (packed !== undefined) reader.u8();
  const type = packed ?? readValueType(reader);
  const mutability = reader.u8();
  if (mutability > 1) throw reader.fail("a field is neither constant nor mutable", reader.offset - 1);
  return mutability === 1 ? `mut ${type}` : type;
}

function readCompositeType(reader: ByteReader): CompositeType {
  const start = reader.offset;
  const form = reader.u8();
  if (form === 0x60) {
    return {
      kind: "function",
      params: readTypes(reader, "parameters"),
      results: readTypes(reader, "results"),
    };
  }
  if (form === 0x5e) return { kind: "array", element: readFieldType(reader) };
  if (form === 0x5f) {
    const fields: FieldType[] = [];
    for (let left = reader.count("fields"); left > 0; left--) fields.push(readFieldType(reader));
    return { kind: "struct", fields };
  }
  throw reader.fail(`0x${form.toString(16)} is no kind of type`, start);
}

function readTypeDefinition(reader: ByteReader): TypeDefinition {
  const form = reader.peek();
  const supertypes: number[] = [];
  if (form === 0x50 || form === 0x4f) {
    reader.u8();
    for (let left = reader.count("supertypes"); left > 0; left--) supertypes.push(reader.u32());
  }
  return { final: form !== 0x50, supertypes, composite: readCompositeType(reader) };
}

/** Reads the contents of a type section one recursion group after the other; a type that is in none is one by itself. */
export function* readTypeGroups(reader: ByteReader): Generator<readonly TypeDefinition[]> {
  for (let groups = reader.count("types"); groups > 0; groups--) {
    if (reader.peek() !== 0x4e) {
      yield [readTypeDefinition(reader)];
      continue;
    }
    reader.u8();
    const group: TypeDefinition[] = [];
    for (let left = reader.count("types of a group"); left > 0; left--)
      group.push(readTypeDefinition(reader));
    yield group;
  }
}

/** Reads the contents of a type section: one entry for each type index, `undefined` for structs and arrays. */
export function readTypeSection(reader: ByteReader): (FunctionType | undefined)[] {
  const types: (FunctionType | undefined)[] = [];
  for (const group of readTypeGroups(reader)) {
    for (const { composite } of group) {
      if (composite.kind === "function") types.push({ params: composite.params, results: composite.results });
      else types.push(undefined);
    }
  }
  return types;
}
