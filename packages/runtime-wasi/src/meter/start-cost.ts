import { ByteReader, readTableType } from "@krustlet/wasm-binary";
import { skipConstantExpression } from "./constant-expression.ts";
import { readElementSegments } from "./element-section.ts";
import { sectionOf } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";

/** Nanoseconds that the engine takes to instantiate a module, about, for each of what it has. */
const nanoseconds = {
  import: 3_000,
  export: 2_000,
  table: 700,
  tableEntry: 60,
  element: 120,
  global: 60,
  dataSegment: 150,
  dataByte: 3,
} as const;

/** A module that takes longer to instantiate holds up its thread: nothing interrupts that. */
const longStart = 10_000_000;

function readerOf({ bytes, module }: ModuleSource, id: number): ByteReader | undefined {
  const section = sectionOf(module, id);
  return section === undefined ? undefined : new ByteReader(bytes, section.offset, section.end);
}

function tableEntriesOf(source: ModuleSource): number {
  const reader = readerOf(source, 4);
  if (reader === undefined) return 0;
  let entries = 0;
  for (let left = reader.count("tables"); left > 0; left--) {
    const hasInitial = reader.peek() === 0x40;
    if (hasInitial) reader.take(2, "a table");
    entries += readTableType(reader).limits.minimum;
    if (hasInitial) skipConstantExpression(reader);
  }
  return entries;
}

function elementsOf(source: ModuleSource): number {
  const reader = readerOf(source, 9);
  let elements = 0;
  for (const { entries } of reader === undefined ? [] : readElementSegments(reader)) elements += entries;
  return elements;
}

/** Whether a module takes so long to instantiate that it must not do so on a thread that it shares. */
export function startsSlowly(source: ModuleSource): boolean {
  const { module } = source;
  const data = sectionOf(module, 11);
  const cost =
    module.imports.length * nanoseconds.import +
    module.exports.length * nanoseconds.export +
    module.tableCount * nanoseconds.table +
    tableEntriesOf(source) * nanoseconds.tableEntry +
    elementsOf(source) * nanoseconds.element +
    module.globalCount * nanoseconds.global +
    module.dataCount * nanoseconds.dataSegment +
    (data === undefined ? 0 : data.end - data.offset) * nanoseconds.dataByte;
  return cost > longStart;
}
