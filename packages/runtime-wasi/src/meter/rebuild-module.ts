import { ByteReader } from "@krustlet/wasm-binary";
import type { WasmModule, WasmSection } from "@krustlet/wasm-binary";
import { ByteWriter } from "./byte-writer.ts";

/** A module being changed: its bytes and what they say. */
export interface ModuleSource {
  readonly bytes: Uint8Array;
  readonly module: WasmModule;
}

/** New contents by section id; `undefined` drops the section, a missing key keeps it. */
export type SectionChanges = ReadonlyMap<number, Uint8Array | undefined>;

/** Ids in the order in which the format wants them. */
const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** The section with `id`, unless there is none. */
export function sectionOf(module: WasmModule, id: number): WasmSection | undefined {
  return module.sections.find((section) => section.id === id);
}

/** The contents of section `id` (a vector) with entries appended; each entry is given encoded. */
export function appendToSection(
  { bytes, module }: ModuleSource,
  id: number,
  entries: readonly ArrayLike<number>[],
): Uint8Array {
  const section = sectionOf(module, id);
  const writer = new ByteWriter();
  if (section === undefined) {
    writer.u32(entries.length);
  } else {
    const reader = new ByteReader(bytes, section.offset, section.end);
    writer.u32(reader.u32() + entries.length).copy(bytes, reader.offset, section.end);
  }
  for (const entry of entries) writer.append(entry);
  return writer.view();
}

/** By which `@krustlet/wasi` knows programs built by Go, which expect their listening sockets to be non-blocking. */
const GO_BUILD = "go:buildid";

/**
 * Puts a module together again. Of the custom sections only `name` and {@link GO_BUILD} are kept: the others are of no use
 * to an engine, and offsets in them (DWARF, source maps, hints) would be wrong. `beforeCode` goes before the code.
 */
export function rebuildModule(
  { bytes, module }: ModuleSource,
  changes: SectionChanges,
  custom: { readonly name?: Uint8Array; readonly beforeCode?: readonly [name: string, contents: Uint8Array] },
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(bytes.length + (changes.get(10)?.length ?? 0) + 1024);
  writer.copy(bytes, 0, 8);
  const writeCustom = (name: string, contents: Uint8Array): void => {
    const inside = new ByteWriter(contents.length + 64).name(name).append(contents);
    writer.section(0, inside.view());
  };
  const goBuild = module.sections.find(({ id, name }) => id === 0 && name === GO_BUILD);
  if (goBuild !== undefined) writer.copy(bytes, goBuild.start, goBuild.end);
  for (const id of order) {
    if (id === 10 && custom.beforeCode !== undefined) writeCustom(...custom.beforeCode);
    const section = sectionOf(module, id);
    const changed = changes.get(id);
    if (changed !== undefined) writer.section(id, changed);
    else if (section !== undefined && !changes.has(id)) writer.copy(bytes, section.start, section.end);
  }
  if (custom.name !== undefined) writeCustom("name", custom.name);
  return writer.view().slice();
}
