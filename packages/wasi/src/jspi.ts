import type { WasmImports } from "./engine-types.ts";

/** Whether this JavaScript engine can suspend WebAssembly while a promise is pending (JSPI); Node can from 24.21 on. */
export function hasJspi(): boolean {
  return typeof WebAssembly === "object" && "Suspending" in WebAssembly && "promising" in WebAssembly;
}

// TypeScript's library does not know JSPI yet.
interface Jspi {
  readonly Suspending: new (callable: (...values: never[]) => unknown) => WasmImports[string][string];
  promising(callable: (...values: never[]) => unknown): (...values: unknown[]) => Promise<unknown>;
}

/** `WebAssembly` with the two names of JSPI. */
export const jspi: Jspi = WebAssembly as unknown as Jspi;
