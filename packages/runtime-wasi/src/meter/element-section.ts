import { readValueType } from "@krustlet/wasm-binary";
import type { ByteReader } from "@krustlet/wasm-binary";
import { skipConstantExpression } from "./constant-expression.ts";
import type { OnObject } from "./constant-expression.ts";

/** One segment of the element section (core specification, §5.5.12). */
export interface ElementSegment {
  /** Whether it is copied into a table when the module is instantiated. */
  readonly active: boolean;
  readonly entries: number;
}

/** Reads the contents of an element section. */
export function* readElementSegments(reader: ByteReader, onObject?: OnObject): Generator<ElementSegment> {
  for (let left = reader.count("element segments"); left > 0; left--) {
    const start = reader.offset;
    const flags = reader.u32();
    if (flags > 7) throw reader.fail(`${flags} is no kind of element segment`, start);
    const active = (flags & 1) === 0;
    const hasExpressions = (flags & 4) !== 0;
    if (active && (flags & 2) !== 0) reader.u32();
    if (active) skipConstantExpression(reader, onObject);
    if ((flags & 3) !== 0) {
      if (hasExpressions) readValueType(reader);
      else reader.u8();
    }
    const entries = reader.count("elements");
    for (let entry = 0; entry < entries; entry++) {
      if (hasExpressions) skipConstantExpression(reader, onObject);
      else reader.u32();
    }
    yield { active, entries };
  }
}
