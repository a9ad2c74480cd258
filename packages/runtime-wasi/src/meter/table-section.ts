import { KrustletError } from "@krustlet/interface";
import { ByteReader, readTableType } from "@krustlet/wasm-binary";
import { ByteWriter } from "./byte-writer.ts";
import { skipConstantExpression } from "./constant-expression.ts";

/**
 * How many entries all tables of a metered module may have together: they are on the JavaScript heap that it shares
 * with its neighbours. Real modules have some thousands.
 */
const maxTableEntries = 1_000_000;

/**
 * The contents of a table section with maximums lowered so that all tables together stay within
 * {@link maxTableEntries}, and with `appended` (encoded tables) after them.
 * @throws KrustletError `UnsupportedModule` when the tables begin with more entries than that.
 */
export function buildTableSection(
  section: { readonly bytes: Uint8Array; readonly offset: number; readonly end: number } | undefined,
  appended: readonly (readonly number[])[],
): Uint8Array {
  const writer = new ByteWriter();
  const bytes = section?.bytes ?? new Uint8Array();
  const reader = new ByteReader(bytes, section?.offset ?? 0, section?.end ?? 0);
  const count = section === undefined ? 0 : reader.count("tables");
  writer.u32(count + appended.length);
  const share = Math.floor(maxTableEntries / Math.max(count, 1));
  let total = 0;
  for (let index = 0; index < count; index++) {
    const start = reader.offset;
    const hasInitial = reader.peek() === 0x40;
    if (hasInitial) reader.take(2, "a table");
    const typeStart = reader.offset;
    const { limits } = readTableType(reader);
    const typeEnd = reader.offset;
    // The element type, up to the limits, which are read again to find where they begin.
    const limitsStart = limitsOffsetOf(bytes, typeStart, typeEnd);
    if (hasInitial) skipConstantExpression(reader);
    total += limits.minimum;
    if (limits.shared || total > maxTableEntries) {
      const problem = limits.shared ? "is shared between threads" : `begins with ${limits.minimum} entries`;
      const message = `Table ${index} ${problem}; all tables together may have ${maxTableEntries}.`;
      throw new KrustletError("UnsupportedModule", message);
    }
    const maximum = Math.max(limits.minimum, Math.min(limits.maximum ?? share, share));
    writer.copy(bytes, start, limitsStart);
    writer
      .u8(limits.is64 ? 0x05 : 0x01)
      .u32(limits.minimum)
      .u32(maximum);
    writer.copy(bytes, typeEnd, reader.offset);
  }
  for (const table of appended) writer.append(table);
  return writer.view();
}

function limitsOffsetOf(bytes: Uint8Array, start: number, end: number): number {
  const reader = new ByteReader(bytes, start, end);
  const code = reader.u8();
  if (code === 0x63 || code === 0x64) {
    if (reader.peek() === 0x62) reader.u8();
    reader.s33();
  }
  return reader.offset;
}
