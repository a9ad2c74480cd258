import { KrustletError } from "@krustlet/interface";
import { ByteReader } from "./byte-reader.ts";
import { readSections } from "./sections.ts";
import type { WasmSection } from "./sections.ts";
import { wasmKindOf } from "./wasm-kind.ts";

/** What an import or export of a component is. */
export type ComponentExternKind = "core module" | "function" | "value" | "type" | "component" | "instance";

/** One import or export of a component, such as `wasi:cli/run@0.2.0`, an instance. */
export interface ComponentExtern {
  readonly name: string;
  readonly kind: ComponentExternKind;
}

/** A component's outermost layer. */
export interface WasmComponent {
  readonly sections: readonly WasmSection[];
  readonly imports: readonly ComponentExtern[];
  readonly exports: readonly ComponentExtern[];
}

const kinds: readonly ComponentExternKind[] = [
  "core module",
  "function",
  "value",
  "type",
  "component",
  "instance",
];

function readName(reader: ByteReader): string {
  const start = reader.offset;
  const form = reader.u8();
  if (form > 2) throw reader.fail(`${form} is no form of an import or export name`, start);
  const name = reader.name();
  if (form === 2) {
    // Options such as a version suffix; each is a form and a string.
    for (let left = reader.count("name options"); left > 0; left--) {
      reader.u8();
      reader.name();
    }
  }
  return name;
}

function readKind(reader: ByteReader): ComponentExternKind {
  const start = reader.offset;
  const code = reader.u8();
  const kind = kinds[code];
  if (kind === undefined) throw reader.fail(`${code} is no kind of component import or export`, start);
  if (code === 0 && reader.u8() !== 0x11) {
    throw reader.fail("only core modules cross a component's border", reader.offset - 1);
  }
  return kind;
}

function readDescription(reader: ByteReader): ComponentExternKind {
  const kind = readKind(reader);
  if (kind === "value") {
    if (reader.u8() === 0) reader.u32();
    else reader.s33();
  } else if (kind === "type") {
    const bound = reader.u8();
    if (bound > 1) throw reader.fail(`${bound} is no bound of a type`, reader.offset - 1);
    if (bound === 0) reader.u32();
  } else {
    reader.u32();
  }
  return kind;
}

function readExport(reader: ByteReader): ComponentExtern {
  const name = readName(reader);
  const kind = readKind(reader);
  reader.u32();
  const ascribed = reader.u8();
  if (ascribed > 1) throw reader.fail(`${ascribed} is no kind of ascription`, reader.offset - 1);
  if (ascribed === 1) readDescription(reader);
  return { name, kind };
}

/**
 * Reads what a component imports and exports (component model, Binary.md), at its outermost layer only.
 * @throws KrustletError `InvalidModule` for anything else than a component, and for broken sections.
 */
export function parseComponent(bytes: Uint8Array): WasmComponent {
  if (wasmKindOf(bytes) === "module") {
    throw new KrustletError("InvalidModule", "This is a core WebAssembly module, not a component.");
  }
  const sections = readSections(bytes);
  const imports: ComponentExtern[] = [];
  const exports: ComponentExtern[] = [];
  for (const { id, offset, end } of sections) {
    if (id !== 10 && id !== 11) continue;
    const reader = new ByteReader(bytes, offset, end);
    for (let left = reader.count(id === 10 ? "imports" : "exports"); left > 0; left--) {
      if (id === 10) imports.push({ name: readName(reader), kind: readDescription(reader) });
      else exports.push(readExport(reader));
    }
    if (!reader.done) throw reader.fail(`section ${id} goes on after its contents`);
  }
  return { sections, imports, exports };
}
