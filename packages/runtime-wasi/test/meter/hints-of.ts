import { ByteReader, readSections } from "@krustlet/wasm-binary";

/** One hint, and the opcode that it is about. */
export interface Hint {
  readonly functionIndex: number;
  readonly opcode: number;
  readonly value: number;
}

/** The hints of a module with the opcodes that they point to: 0x04 `if` or 0x0d `br_if` when all is right. */
export function hintsOf(bytes: Uint8Array, importedFunctions: number): Hint[] {
  const sections = readSections(bytes);
  const code = sections.find(({ id }) => id === 10);
  const section = sections.find(({ name }) => name === "metadata.code.branch_hint");
  if (code === undefined || section === undefined) return [];
  const bodies: number[] = [];
  const reader = new ByteReader(bytes, code.offset, code.end);
  for (let left = reader.u32(); left > 0; left--) {
    const size = reader.u32();
    bodies.push(reader.offset);
    reader.take(size, "a body");
  }
  const found: Hint[] = [];
  const hints = new ByteReader(bytes, section.offset, section.end);
  for (let functions = hints.u32(); functions > 0; functions--) {
    const functionIndex = hints.u32();
    const start = bodies[functionIndex - importedFunctions] as number;
    for (let left = hints.u32(); left > 0; left--) {
      const opcode = bytes[start + hints.u32()] as number;
      hints.u8();
      found.push({ functionIndex, opcode, value: hints.u8() });
    }
  }
  return found;
}
