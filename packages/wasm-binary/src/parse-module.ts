import { KrustletError } from "@krustlet/interface";
import { ByteReader } from "./byte-reader.ts";
import { readImportSection, readLimits, readTagType } from "./import-section.ts";
import type { ExternKind, Limits, WasmImport } from "./import-section.ts";
import { readSections } from "./sections.ts";
import type { WasmSection } from "./sections.ts";
import { readTypeSection } from "./type-section.ts";
import type { FunctionType } from "./type-section.ts";
import { wasmKindOf } from "./wasm-kind.ts";

/** One export of a core module. `index` counts in the index space of its kind, imports first. */
export interface WasmExport {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
}

/** A core module without its code: everything needed to say what it is. Counts are of definitions, not imports. */
export interface WasmModule {
  readonly sections: readonly WasmSection[];
  /** By type index; `undefined` for structs and arrays. */
  readonly types: readonly (FunctionType | undefined)[];
  readonly imports: readonly WasmImport[];
  /** Type index of each function defined here. */
  readonly functions: readonly number[];
  readonly tableCount: number;
  readonly memories: readonly Limits[];
  readonly tags: readonly number[];
  readonly globalCount: number;
  readonly exports: readonly WasmExport[];
  /** Index of the start function. */
  readonly start?: number;
  readonly elementCount: number;
  readonly codeCount: number;
  readonly dataCount: number;
}

/** Ids of sections in the order in which they must stand; each at most once. */
const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const kinds: readonly ExternKind[] = ["function", "table", "memory", "global", "tag"];

function readExports(reader: ByteReader): WasmExport[] {
  const exports: WasmExport[] = [];
  for (let left = reader.count("exports"); left > 0; left--) {
    const name = reader.name();
    const code = reader.u8();
    const kind = kinds[code];
    if (kind === undefined) throw reader.fail(`${code} is no kind of export`, reader.offset - 1);
    exports.push({ name, kind, index: reader.u32() });
  }
  return exports;
}

function readVector<T>(reader: ByteReader, what: string, read: (reader: ByteReader) => T): T[] {
  const entries: T[] = [];
  for (let left = reader.count(what); left > 0; left--) entries.push(read(reader));
  return entries;
}

/** Sections whose contents are read to the last byte (the others only for their count). */
const readWhole = new Set([1, 2, 3, 5, 13, 7, 8, 12]);

function openSections(bytes: Uint8Array, sections: readonly WasmSection[]): Map<number, ByteReader> {
  const readers = new Map<number, ByteReader>();
  let last = -1;
  for (const { id, start, offset, end } of sections) {
    if (id === 0) continue;
    const place = order.indexOf(id);
    const problem =
      place < 0 ? "is unknown" : place === last ? "is there twice" : place < last ? "is out of order" : "";
    if (problem !== "") {
      throw new KrustletError(
        "InvalidModule",
        `The WebAssembly binary is invalid at byte ${start}: section ${id} ${problem}.`,
      );
    }
    last = place;
    readers.set(id, new ByteReader(bytes, offset, end));
  }
  return readers;
}

/**
 * Reads a core module's types, imports, exports and counts. Function bodies, data and constant expressions are not
 * looked at, so a module that is read is not yet valid: `WebAssembly.validate` says that.
 * @throws KrustletError `InvalidModule` for anything else than a core module, and for broken sections.
 */
export function parseModule(bytes: Uint8Array): WasmModule {
  if (wasmKindOf(bytes) === "component") {
    throw new KrustletError("InvalidModule", "This is a WebAssembly component, not a core module.");
  }
  const sections = readSections(bytes);
  const readers = openSections(bytes, sections);
  const read = <T>(id: number, otherwise: T, parse: (reader: ByteReader) => T): T => {
    const reader = readers.get(id);
    if (reader === undefined) return otherwise;
    const value = parse(reader);
    if (readWhole.has(id) && !reader.done) throw reader.fail(`section ${id} goes on after its contents`);
    return value;
  };
  const start = read<number | undefined>(8, undefined, (reader) => reader.u32());
  const module: WasmModule = {
    sections,
    types: read(1, [], readTypeSection),
    imports: read(2, [], readImportSection),
    functions: read(3, [], (reader) => readVector(reader, "functions", (from) => from.u32())),
    tableCount: read(4, 0, (reader) => reader.count("tables")),
    memories: read(5, [], (reader) => readVector(reader, "memories", readLimits)),
    tags: read(13, [], (reader) => readVector(reader, "tags", readTagType)),
    globalCount: read(6, 0, (reader) => reader.count("globals")),
    exports: read(7, [], readExports),
    ...(start === undefined ? {} : { start }),
    elementCount: read(9, 0, (reader) => reader.count("element segments")),
    codeCount: read(10, 0, (reader) => reader.count("function bodies")),
    dataCount: read(11, 0, (reader) => reader.count("data segments")),
  };
  if (module.codeCount !== module.functions.length) {
    const problem = `it declares ${module.functions.length} functions but has ${module.codeCount} bodies`;
    throw new KrustletError("InvalidModule", `The WebAssembly binary is invalid: ${problem}.`);
  }
  return module;
}
