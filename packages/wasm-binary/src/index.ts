/**
 * Reads WebAssembly binaries without running them.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { describeWasm, wasmKindOf } from "@krustlet/wasm-binary";
 *
 * const bytes = await readFile("hello.wasm");
 * if (wasmKindOf(bytes) !== undefined) console.log(describeWasm(bytes).imports);
 * ```
 *
 * @packageDocumentation
 */
export { ByteReader } from "./byte-reader.ts";
export { describeWasm } from "./describe-wasm.ts";
export type { DescribedExport, DescribedImport, WasmDescription } from "./describe-wasm.ts";
export { functionNamesOf } from "./function-names.ts";
export { readLimits, readTableType } from "./import-section.ts";
export type { ExternKind, ExternType, GlobalType, Limits, TableType, WasmImport } from "./import-section.ts";
export { parseComponent } from "./parse-component.ts";
export type { ComponentExtern, ComponentExternKind, WasmComponent } from "./parse-component.ts";
export { parseModule } from "./parse-module.ts";
export type { WasmExport, WasmModule } from "./parse-module.ts";
export { readSections } from "./sections.ts";
export type { WasmSection } from "./sections.ts";
export { readTypeGroups } from "./type-section.ts";
export type { CompositeType, FieldType, FunctionType, TypeDefinition } from "./type-section.ts";
export { readValueType } from "./value-types.ts";
export { wasmKindOf } from "./wasm-kind.ts";
