import type { WasmKind } from "@krustlet/interface";
import type { ExternKind, ExternType, Limits, WasmImport } from "./import-section.ts";
import { parseComponent } from "./parse-component.ts";
import { parseModule } from "./parse-module.ts";
import type { WasmExport, WasmModule } from "./parse-module.ts";
import type { WasmSection } from "./sections.ts";
import type { FunctionType } from "./type-section.ts";
import { wasmKindOf } from "./wasm-kind.ts";

/** One line of what a binary imports. */
export interface DescribedImport {
  /** The module part of a core import; absent in a component. */
  readonly module?: string;
  readonly name: string;
  readonly kind: string;
  /** The type, as near to the text format as one line allows: `(i32, i32) -> i32`, `pages 2..16`. */
  readonly type?: string;
}

/** One line of what a binary exports. */
export interface DescribedExport {
  readonly name: string;
  readonly kind: string;
  readonly type?: string;
}

/** What `krustlet inspect` shows of a binary. Plain data, made to be printed as JSON. */
export interface WasmDescription {
  readonly kind: WasmKind;
  /** Bytes. */
  readonly size: number;
  readonly imports: readonly DescribedImport[];
  readonly exports: readonly DescribedExport[];
  /** Names of custom sections, in their order. */
  readonly customSections: readonly string[];
  /** Memory of a core module, defined or imported: `pages 2..16`. */
  readonly memories?: readonly string[];
  /** Functions defined in a core module. */
  readonly functions?: number;
}

function signatureOf(type: FunctionType | undefined): string | undefined {
  if (type === undefined) return undefined;
  const results = type.results.length === 1 ? String(type.results[0]) : `(${type.results.join(", ")})`;
  return `(${type.params.join(", ")}) -> ${results}`;
}

function boundsOf(limits: Limits, unit: string): string {
  const flags = `${limits.is64 ? " i64" : ""}${limits.shared ? " shared" : ""}`;
  return `${unit} ${limits.minimum}..${limits.maximum ?? ""}${flags}`;
}

function typeText(type: ExternType, module: WasmModule): string | undefined {
  if (type.kind === "table") return `${type.element} ${boundsOf(type.limits, "entries")}`;
  if (type.kind === "memory") return boundsOf(type.limits, "pages");
  if (type.kind === "global") return type.mutable ? `mut ${type.type}` : type.type;
  return signatureOf(module.types[type.typeIndex]);
}

/** The type of a function or memory export; of the other kinds, that of an import that is exported again. */
function exportType(
  entry: WasmExport,
  module: WasmModule,
  importsByKind: ReadonlyMap<ExternKind, readonly WasmImport[]>,
): string | undefined {
  const imported = importsByKind.get(entry.kind) ?? [];
  const origin = imported[entry.index];
  if (origin !== undefined) return typeText(origin.type, module);
  const index = entry.index - imported.length;
  if (entry.kind === "function") return signatureOf(module.types[module.functions[index] ?? -1]);
  const memory = entry.kind === "memory" ? module.memories[index] : undefined;
  return memory === undefined ? undefined : boundsOf(memory, "pages");
}

function describeModule(module: WasmModule): Pick<WasmDescription, "imports" | "exports" | "memories"> {
  const importsByKind = Map.groupBy(module.imports, ({ type }) => type.kind);
  const imports = module.imports.map(({ module: from, name, type }) => {
    const text = typeText(type, module);
    return { module: from, name, kind: type.kind, ...(text === undefined ? {} : { type: text }) };
  });
  const exports = module.exports.map((entry) => {
    const text = exportType(entry, module, importsByKind);
    return { name: entry.name, kind: entry.kind, ...(text === undefined ? {} : { type: text }) };
  });
  const imported = module.imports.flatMap(({ type }) => (type.kind === "memory" ? [type.limits] : []));
  const memories = [...imported, ...module.memories].map((limits) => boundsOf(limits, "pages"));
  return { imports, exports, memories };
}

function customNamesOf(sections: readonly WasmSection[]): string[] {
  return sections.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

/**
 * Describes a core module or a component for people: kind, size, imports and exports with their types.
 * @throws KrustletError `InvalidModule`.
 */
export function describeWasm(bytes: Uint8Array): WasmDescription {
  const size = bytes.length;
  if (wasmKindOf(bytes) === "component") {
    const { sections, imports, exports } = parseComponent(bytes);
    return { kind: "component", size, imports, exports, customSections: customNamesOf(sections) };
  }
  const module = parseModule(bytes);
  const customSections = customNamesOf(module.sections);
  return {
    kind: "module",
    size,
    ...describeModule(module),
    customSections,
    functions: module.functions.length,
  };
}
