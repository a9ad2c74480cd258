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

/** Where a name of `size` bytes from `offset` on is cut, so that what is left is short and ends with a whole letter. */
function shortEnd(bytes: Uint8Array, offset: number, size: number): number {
  if (size <= longestName) return offset + size;
  let end = offset + longestName;
  // A byte 10xxxxxx goes on with the letter before it.
  while (end > offset && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return end;
}

/** Copies names by their indices, each no longer than may be. @throws KrustletError `InvalidModule` */
function copyNames(bytes: Uint8Array, { offset, end }: Subsection, writer: ByteWriter, more: number): void {
  const reader = new ByteReader(bytes, offset, end);
  const count = reader.u32();
  writer.u32(count + more);
  for (let left = count; left > 0; left--) {
    writer.u32(reader.u32());
    const size = reader.u32();
    const start = reader.offset;
    reader.take(size, "a name");
    const short = shortEnd(bytes, start, size);
    writer.u32(short - start).copy(bytes, start, short);
  }
}

/** Names of functions: the module's own, unless they are broken, and those of appended functions. */
function functionNames(
  bytes: Uint8Array,
  old: Subsection | undefined,
  names: ReadonlyMap<number, string>,
): Uint8Array {
  let writer = new ByteWriter();
  try {
    if (old === undefined) writer.u32(names.size);
    else copyNames(bytes, old, writer, names.size);
  } catch {
    writer = new ByteWriter().u32(names.size);
  }
  for (const [index, name] of names) writer.u32(index).name(name);
  return writer.view();
}

/**
 * The contents of the custom section `name`, with names of appended functions (whose indices come after all others).
 * A section that is broken is dropped, as an engine ignores it too. Names that are too long to be told are cut.
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
  // The module's own name is of no use when it is long: there is nothing that it would tell apart.
  subsections = subsections.filter(({ id, offset, end }) => id !== 0 || end - offset <= longestName);
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
