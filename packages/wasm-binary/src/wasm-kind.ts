import type { WasmKind } from "@krustlet/interface";

const magic = [0x00, 0x61, 0x73, 0x6d];

/**
 * What a WebAssembly binary is, by its first eight bytes: `\0asm`, then version 1 and layer 0 for a core module, or
 * the component model's version and layer 1. `undefined` for anything else, also for fewer bytes.
 */
export function wasmKindOf(bytes: Uint8Array): WasmKind | undefined {
  if (bytes.length < 8 || magic.some((byte, index) => bytes[index] !== byte)) return undefined;
  const version = (bytes[4] as number) | ((bytes[5] as number) << 8);
  const layer = (bytes[6] as number) | ((bytes[7] as number) << 8);
  if (layer === 0 && version === 1) return "module";
  return layer === 1 ? "component" : undefined;
}
