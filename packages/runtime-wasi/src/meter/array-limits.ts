import { ByteReader, readTypeGroups } from "@krustlet/wasm-binary";
import type { CompositeType, FieldType } from "@krustlet/wasm-binary";
import { sectionOf } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";

/**
 * Bytes of the longest array. A heap that is full ends its thread, but one that has no room for a single object by far
 * makes V8 abort the process: from about 30 MB on (node gives it 16 more to end in).
 */
export const mostArrayBytes: number = 16 * 1024 * 1024;

/** What a backtrace shows where an array would be longer. */
export const arrayLimitName = "array.new of more than 16 MiB";

const sizes: Readonly<Record<string, number>> = { i8: 1, i16: 2, i32: 4, f32: 4, i64: 8, f64: 8, v128: 16 };

/** Bytes that a field or element takes at most; a reference takes eight. */
function sizeOf(type: FieldType): number {
  return sizes[type.replace("mut ", "")] ?? 8;
}

/** By type index, what the types of a module are. */
export function compositeTypesOf({ bytes, module }: ModuleSource): CompositeType[] {
  const section = sectionOf(module, 1);
  if (section === undefined) return [];
  const groups = readTypeGroups(new ByteReader(bytes, section.offset, section.end));
  return [...groups].flatMap((group) => group.map(({ composite }) => composite));
}

/** Bytes of one element of an array, or of a whole struct. */
export function objectBytesOf(type: CompositeType | undefined): number {
  if (type?.kind === "array") return sizeOf(type.element);
  if (type?.kind === "struct") return type.fields.reduce((sum, field) => sum + sizeOf(field), 16);
  return 0;
}

/** By type index, how many elements an array may have; `undefined` for what is no array. */
export function arrayLimitsOf(source: ModuleSource): (number | undefined)[] {
  return compositeTypesOf(source).map((type) =>
    type.kind === "array" ? mostArrayBytes / objectBytesOf(type) : undefined,
  );
}
