import type { WasmImports, WasmInstance, WasmMemory, WasmModule } from "./engine-types.ts";
import type { WasiExit } from "./init.ts";

/** Options of {@link Wasi.start}. */
export interface StartOptions {
  /** The export that is called. Default `_start`. */
  readonly startExport?: string;
  /** The guest's memory, where the module does not export it as `memory`. */
  readonly memory?: WasmMemory;
}

/** The WASI of one guest: its imports, its run, its end. Made by `createWasi`; used for one instance, once. */
export interface Wasi {
  /**
   * The import object for `module`: of `wasi_snapshot_preview1` and `wasi_unstable` what the module imports, and
   * everything else from `extra`. Imports that may wait suspend, so they work only under {@link Wasi.start}.
   * @throws KrustletError `MissingImport` naming the import and what kind of host would have it.
   */
  imports(module: WasmModule, extra?: WasmImports): WasmImports;
  /**
   * Runs the guest; resolves once, when it has ended and its output was delivered. A start section has run before,
   * in the caller's `new WebAssembly.Instance`.
   * @throws KrustletError `InvalidModule` when the start export is not there.
   */
  start(instance: WasmInstance, options?: StartOptions): Promise<WasiExit>;
  /** Tells the guest to stop: `TERM\n` in its signals file. False if it has none open, so nothing will happen. */
  terminate(): boolean;
  /**
   * Ends the guest: it never runs again, not even to catch an exception, and its descriptors, timers and sockets are
   * released before this returns. A guest that waits unwinds at once; one that computes on this thread cannot be
   * reached by anybody. Idempotent. `exit` is what {@link Wasi.start} resolves with, by default `{ kind: "closed" }`.
   */
  close(exit?: WasiExit): void;
  /** How the guest ended, as soon as it has. */
  readonly ended: WasiExit | undefined;
  /** Nanoseconds that the guest has run on this thread, waits excluded. */
  readonly cpuTime: bigint;
  /**
   * What to throw out of (or reject) an import of one's own to end the guest: an error that no `catch` or
   * `catch_all` of a module receives.
   */
  readonly unwind: Error;
}
