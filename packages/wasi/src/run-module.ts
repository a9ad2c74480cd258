import type { WasmModule } from "./engine-types.ts";
import { KrustletError } from "@krustlet/interface";

import type { WasiExit, WasiInit } from "./init.ts";
import { createWasi } from "./wasi.ts";

// The second half of a component's version word says that it is one.
function isComponent(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d && bytes[6] === 1;
}

async function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  if (isComponent(bytes))
    throw new KrustletError("UnsupportedModule", "it is a component; only core modules can be run here");
  try {
    return await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KrustletError("InvalidModule", `it is no valid WebAssembly module: ${why}`, { cause });
  }
}

/**
 * Runs a module, from its bytes or compiled, to its end. Aborting `signal` ends the guest with `{ kind: "closed" }`.
 * @throws KrustletError `InvalidModule`, `UnsupportedModule`, `MissingImport`, and what `createWasi` throws.
 */
export async function runModule(
  module: WasmModule | Uint8Array,
  init: WasiInit,
  options: { readonly signal?: AbortSignal } = {},
): Promise<WasiExit> {
  const { signal } = options;
  const compiled = module instanceof WebAssembly.Module ? module : await compile(module);
  const wasi = createWasi(init);
  const abort = (): void => wasi.close();
  try {
    const imports = wasi.imports(compiled);
    const instance = await WebAssembly.instantiate(compiled, imports);
    if (signal?.aborted === true) wasi.close();
    signal?.addEventListener("abort", abort, { once: true });
    return await wasi.start(instance);
  } finally {
    signal?.removeEventListener("abort", abort);
    wasi.close();
  }
}
