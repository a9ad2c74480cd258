import type { ByteReader } from "./byte-reader.ts";
import { readValueType } from "./value-types.ts";

/** What an import or export of a core module is, as `WebAssembly.Module.imports` names it. */
export type ExternKind = "function" | "table" | "memory" | "global" | "tag";

/** The bounds of a memory (in pages) or a table (in entries). */
export interface Limits {
  readonly minimum: number;
  readonly maximum?: number;
  readonly shared: boolean;
  /** Whether addresses are 64 bits wide. */
  readonly is64: boolean;
  /** Binary logarithm of a memory's page size: 16, unless custom-page-sizes says otherwise. */
  readonly pageSizeLog2: number;
}

/** A table's element type and bounds. */
export interface TableType {
  readonly element: string;
  readonly limits: Limits;
}

/** A global's type. */
export interface GlobalType {
  readonly type: string;
  readonly mutable: boolean;
}

/** What one import must be. */
export type ExternType =
  | { readonly kind: "function"; readonly typeIndex: number }
  | ({ readonly kind: "table" } & TableType)
  | { readonly kind: "memory"; readonly limits: Limits }
  | ({ readonly kind: "global" } & GlobalType)
  | { readonly kind: "tag"; readonly typeIndex: number };

/** One import of a core module. */
export interface WasmImport {
  readonly module: string;
  readonly name: string;
  readonly type: ExternType;
}

/** Reads the bounds of a memory or table. */
export function readLimits(reader: ByteReader): Limits {
  const start = reader.offset;
  const flags = reader.u8();
  if (flags > 0x0f) throw reader.fail(`0x${flags.toString(16)} is no kind of limits`, start);
  const is64 = (flags & 4) !== 0;
  const minimum = is64 ? reader.u64() : reader.u32();
  const maximum = (flags & 1) === 0 ? undefined : is64 ? reader.u64() : reader.u32();
  const pageSizeLog2 = (flags & 8) === 0 ? 16 : reader.u32();
  return {
    minimum,
    ...(maximum === undefined ? {} : { maximum }),
    shared: (flags & 2) !== 0,
    is64,
    pageSizeLog2,
  };
}

/** Reads a table's type. */
export function readTableType(reader: ByteReader): TableType {
  return { element: readValueType(reader), limits: readLimits(reader) };
}

/** Reads a global's type. */
function readGlobalType(reader: ByteReader): GlobalType {
  const type = readValueType(reader);
  const mutability = reader.u8();
  if (mutability > 1) throw reader.fail("a global is neither constant nor mutable", reader.offset - 1);
  return { type, mutable: mutability === 1 };
}

/** Reads a tag's type index. */
export function readTagType(reader: ByteReader): number {
  if (reader.u8() !== 0) throw reader.fail("a tag has an unknown attribute", reader.offset - 1);
  return reader.u32();
}

function readExternType(reader: ByteReader): ExternType {
  const start = reader.offset;
  const kind = reader.u8();
  switch (kind) {
    case 0:
      return { kind: "function", typeIndex: reader.u32() };
    case 1:
      return { kind: "table", ...readTableType(reader) };
    case 2:
      return { kind: "memory", limits: readLimits(reader) };
    case 3:
      return { kind: "global", ...readGlobalType(reader) };
    case 4:
      return { kind: "tag", typeIndex: readTagType(reader) };
    default:
      throw reader.fail(`${kind} is no kind of import`, start);
  }
}

/** Reads the contents of an import section. */
export function readImportSection(reader: ByteReader): WasmImport[] {
  const imports: WasmImport[] = [];
  for (let left = reader.count("imports"); left > 0; left--) {
    imports.push({ module: reader.name(), name: reader.name(), type: readExternType(reader) });
  }
  return imports;
}
