import { ByteReader, readTableType, readValueType } from "@krustlet/wasm-binary";
import { skipConstantExpression } from "./constant-expression.ts";
import { sectionOf } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";

/**
 * Whether values of a type can keep objects alive that a guest made. Functions are part of the instance, and what is
 * `extern` comes from the host.
 */
function keepsObjects(type: string): boolean {
  return (type.startsWith("(ref") || type.endsWith("ref")) && type !== "funcref" && type !== "externref";
}

function* readElementTypes({ bytes, module }: ModuleSource): Generator<string> {
  const section = sectionOf(module, 4);
  if (section === undefined) return;
  const reader = new ByteReader(bytes, section.offset, section.end);
  for (let left = reader.count("tables"); left > 0; left--) {
    const hasInitial = reader.peek() === 0x40;
    if (hasInitial) reader.take(2, "a table");
    yield readTableType(reader).element;
    if (hasInitial) skipConstantExpression(reader);
  }
}

function* readGlobalTypes({ bytes, module }: ModuleSource): Generator<string> {
  const section = sectionOf(module, 6);
  if (section === undefined) return;
  const reader = new ByteReader(bytes, section.offset, section.end);
  for (let left = reader.count("globals"); left > 0; left--) {
    yield readValueType(reader);
    reader.u8();
    skipConstantExpression(reader);
  }
}

/**
 * Whether a module has places outside its stack for exceptions and other objects: exceptions that hold references
 * make chains of any length, tables and globals hold as many as they have entries.
 */
export function canKeepObjects(source: ModuleSource): boolean {
  const { module } = source;
  const imported = module.imports.flatMap(({ type }) => (type.kind === "tag" ? [type.typeIndex] : []));
  const inExceptions = [...imported, ...module.tags].flatMap((index) => module.types[index]?.params ?? []);
  return [...inExceptions, ...readElementTypes(source), ...readGlobalTypes(source)].some(keepsObjects);
}
