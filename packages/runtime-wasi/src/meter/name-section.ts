import { ByteReader } from "@krustlet/wasm-binary";
import { ByteWriter } from "./byte-writer.ts";
import type { ModuleSource } from "./rebuild-module.ts";

interface Subsection {
  readonly id: number;
  readonly offset: number;
  readonly end: number;
}

function readSubsections(bytes: Uint8Array, offset: number, end: number): Subsection[] {
  const reader = new ByteReader(bytes, offset, end);
  const found: Subsection[] = [];
  while (!reader.done) {
    const id = reader.u8();
    const size = reader.u32();
    const start = reader.offset;
    reader.take(size, "a subsection of names");
    found.push({ id, offset: start, end: reader.offset });
  }
  return found;
}

function functionNames(
  bytes: Uint8Array,
  old: Subsection | undefined,
  names: ReadonlyMap<number, string>,
): Uint8Array {
  const writer = new ByteWriter();
  if (old === undefined) {
    writer.u32(names.size);
  } else {
    const reader = new ByteReader(bytes, old.offset, old.end);
    writer.u32(reader.u32() + names.size).copy(bytes, reader.offset, old.end);
  }
  for (const [index, name] of names) writer.u32(index).name(name);
  return writer.view();
}

/**
 * The contents of the custom section `name`, with names of appended functions (whose indices come after all others).
 * A section that is broken is dropped, as an engine ignores it too.
 */
export function buildNameSection(
  { bytes, module }: ModuleSource,
  names: ReadonlyMap<number, string>,
): Uint8Array {
  const section = module.sections.find(({ id, name }) => id === 0 && name === "name");
  const writer = new ByteWriter();
  let subsections: Subsection[] = [];
  try {
    if (section !== undefined) subsections = readSubsections(bytes, section.offset, section.end);
  } catch {
    subsections = [];
  }
  for (const { id, offset, end } of subsections) if (id < 1) writer.section(id, bytes.subarray(offset, end));
  writer.section(
    1,
    functionNames(
      bytes,
      subsections.find(({ id }) => id === 1),
      names,
    ),
  );
  for (const { id, offset, end } of subsections) if (id > 1) writer.section(id, bytes.subarray(offset, end));
  return writer.view();
}
