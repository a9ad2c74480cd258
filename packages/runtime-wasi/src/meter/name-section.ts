import { ByteReader } from "@krustlet/wasm-binary";
import { ByteWriter } from "./byte-writer.ts";
import type { ModuleSource } from "./rebuild-module.ts";

interface Subsection {
  readonly id: number;
  readonly offset: number;
  readonly end: number;
}

/**
 * Bytes of a name that stays. The engine writes names into the stack of each error, as often as a function is on it: one
 * of megabytes takes the thread seconds.
 */
const longestName = 1024;

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

/** Whether the module's own name, or the names of functions, hold one that is too long. */
function hasLongName(bytes: Uint8Array, { id, offset, end }: Subsection): boolean {
  if (id === 0) return end - offset > longestName;
  if (id !== 1) return false;
  const reader = new ByteReader(bytes, offset, end);
  try {
    for (let left = reader.u32(); left > 0; left--) {
      reader.u32();
      const size = reader.u32();
      if (size > longestName) return true;
      reader.take(size, "a name");
    }
  } catch {
    return false;
  }
  return false;
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
 * A section that is broken is dropped, as an engine ignores it too; so are names where one is too long to be told.
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
  subsections = subsections.filter((subsection) => !hasLongName(bytes, subsection));
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
