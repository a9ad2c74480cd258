import { KrustletError } from "@krustlet/interface";
import { ByteReader } from "./byte-reader.ts";
import { wasmKindOf } from "./wasm-kind.ts";

/** One section of a binary. Offsets are from the binary's first byte. */
export interface WasmSection {
  readonly id: number;
  /** A custom section's name (its id is 0). */
  readonly name?: string;
  /** Where its id is. */
  readonly start: number;
  /** Where its contents begin; for a custom section, after its name. */
  readonly offset: number;
  /** Where its contents end, and the next section starts. */
  readonly end: number;
}

/**
 * The sections of a core module or a component in their order, custom ones included. Looks at headers only.
 * @throws KrustletError `InvalidModule`.
 */
export function readSections(bytes: Uint8Array): WasmSection[] {
  if (wasmKindOf(bytes) === undefined) {
    throw new KrustletError(
      "InvalidModule",
      bytes.length < 8
        ? `This is not WebAssembly: it has ${bytes.length} bytes, and the header alone takes 8.`
        : "This is not WebAssembly: it does not begin with the bytes 00 61 73 6d and a known version.",
    );
  }
  const reader = new ByteReader(bytes, 8);
  const sections: WasmSection[] = [];
  while (!reader.done) {
    const start = reader.offset;
    const id = reader.u8();
    const size = reader.u32();
    const offset = reader.offset;
    reader.take(size, `section ${id}`);
    if (id !== 0) {
      sections.push({ id, start, offset, end: reader.offset });
      continue;
    }
    const inside = new ByteReader(bytes, offset, reader.offset);
    const name = inside.name();
    sections.push({ id, name, start, offset: inside.offset, end: reader.offset });
  }
  return sections;
}
