import { ByteReader } from "@krustlet/wasm-binary";
import type { ByteWriter } from "./byte-writer.ts";

/** The custom section's name, from the proposal branch-hinting. */
export const branchHintSection = "metadata.code.branch_hint";

/** Hints of one function in ascending order, each an offset from the start of its locals, and 1 for "likely". */
export interface BranchHints {
  readonly offsets: number[];
  readonly values: number[];
}

/**
 * Reads a hint section. Such a section never makes a module invalid, so one that is broken reads as far as it goes:
 * hints of wrong places cost speed only.
 */
export function readBranchHints(bytes: Uint8Array, offset: number, end: number): Map<number, BranchHints> {
  const reader = new ByteReader(bytes, offset, end);
  const all = new Map<number, BranchHints>();
  try {
    for (let functions = reader.count("functions"); functions > 0; functions--) {
      const index = reader.u32();
      const hints: BranchHints = { offsets: [], values: [] };
      for (let left = reader.count("hints"); left > 0; left--) {
        const at = reader.u32();
        if (reader.u32() !== 1) return all;
        const value = reader.u8();
        if (value > 1 || at <= (hints.offsets.at(-1) ?? -1)) return all;
        hints.offsets.push(at);
        hints.values.push(value);
      }
      all.set(index, hints);
    }
  } catch {
    return all;
  }
  return all;
}

/** Writes the hints of one function; an empty list writes nothing. */
export function writeBranchHints(writer: ByteWriter, index: number, hints: BranchHints): void {
  writer.u32(index).u32(hints.offsets.length);
  for (const [position, offset] of hints.offsets.entries()) {
    writer
      .u32(offset)
      .u8(1)
      .u8(hints.values[position] as number);
  }
}
