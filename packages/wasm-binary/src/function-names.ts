import { ByteReader } from "./byte-reader.ts";
import type { WasmSection } from "./sections.ts";

/**
 * Names of functions by their index, from the custom section `name`. The section never makes a module invalid, so
 * what is broken in it is left out: the names before the break are returned.
 */
export function functionNamesOf(bytes: Uint8Array, sections: readonly WasmSection[]): Map<number, string> {
  const names = new Map<number, string>();
  const section = sections.find(({ id, name }) => id === 0 && name === "name");
  if (section === undefined) return names;
  const reader = new ByteReader(bytes, section.offset, section.end);
  try {
    while (!reader.done) {
      const id = reader.u8();
      const size = reader.u32();
      const { byteOffset, byteLength } = reader.take(size, "a subsection of names");
      if (id !== 1) continue;
      const offset = byteOffset - bytes.byteOffset;
      const inside = new ByteReader(bytes, offset, offset + byteLength);
      for (let left = inside.count("names"); left > 0; left--) names.set(inside.u32(), inside.name());
    }
  } catch {
    return names;
  }
  return names;
}
