import { KrustletError } from "@krustlet/interface";
import { ByteReader, readTableType, readValueType } from "@krustlet/wasm-binary";
import { compositeTypesOf, mostArrayBytes, objectBytesOf } from "./array-limits.ts";
import { skipConstantExpression } from "./constant-expression.ts";
import type { OnObject } from "./constant-expression.ts";
import { readElementSegments } from "./element-section.ts";
import { sectionOf } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";

/**
 * Whether values of a type can keep objects alive that a guest made. Functions are part of the instance, and what is
 * `extern` comes from the host.
 */
function keepsObjects(type: string): boolean {
  return (type.startsWith("(ref") || type.endsWith("ref")) && type !== "funcref" && type !== "externref";
}

function* readElementTypes({ bytes, module }: ModuleSource, onObject: OnObject): Generator<string> {
  const section = sectionOf(module, 4);
  if (section === undefined) return;
  const reader = new ByteReader(bytes, section.offset, section.end);
  for (let left = reader.count("tables"); left > 0; left--) {
    const hasInitial = reader.peek() === 0x40;
    if (hasInitial) reader.take(2, "a table");
    yield readTableType(reader).element;
    if (hasInitial) skipConstantExpression(reader, onObject);
  }
}

function* readGlobalTypes({ bytes, module }: ModuleSource, onObject: OnObject): Generator<string> {
  const section = sectionOf(module, 6);
  if (section === undefined) return;
  const reader = new ByteReader(bytes, section.offset, section.end);
  for (let left = reader.count("globals"); left > 0; left--) {
    yield readValueType(reader);
    reader.u8();
    skipConstantExpression(reader, onObject);
  }
}

function readElements({ bytes, module }: ModuleSource, onObject: OnObject): void {
  const section = sectionOf(module, 9);
  if (section === undefined) return;
  Array.from(readElementSegments(new ByteReader(bytes, section.offset, section.end), onObject));
}

/**
 * Whether a module has places outside its stack for exceptions and other objects: exceptions that hold references
 * make chains of any length, tables and globals hold as many as they have entries. One whose constants are objects has,
 * whatever their places are called.
 * @throws KrustletError `UnsupportedModule` when these constants take more than an array may: nobody looks between
 * them whether the heap is full.
 */
export function canKeepObjects(source: ModuleSource): boolean {
  const { module } = source;
  const types = compositeTypesOf(source);
  let constantBytes = 0;
  const onObject: OnObject = (type, length) => {
    constantBytes += length === undefined ? Infinity : 16 + length * objectBytesOf(types[type]);
  };
  const imported = module.imports.flatMap(({ type }) => (type.kind === "tag" ? [type.typeIndex] : []));
  const places = [...imported, ...module.tags].flatMap((index) => module.types[index]?.params ?? []);
  for (const type of readElementTypes(source, onObject)) places.push(type);
  for (const type of readGlobalTypes(source, onObject)) places.push(type);
  readElements(source, onObject);
  if (constantBytes > mostArrayBytes) {
    const size = Number.isFinite(constantBytes) ? `${constantBytes} bytes` : "a size that is computed";
    throw new KrustletError(
      "UnsupportedModule",
      `The module's constants are objects of ${size}; ${mostArrayBytes} bytes are the most.`,
    );
  }
  return constantBytes > 0 || places.some(keepsObjects);
}
