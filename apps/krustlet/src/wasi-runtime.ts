import type { Runtime } from "@krustlet/interface";
import { createWasiRuntime } from "@krustlet/runtime-wasi";

let early: Runtime | undefined;

/**
 * Starts the first thread of the runtime that {@link wasiRuntime} will give: that takes as long as everything else that
 * comes before a small module's first instruction, so that `main.ts` does it first of all.
 */
export function startWasiRuntimeEarly(): void {
  early ??= create();
}

/** The runtime `wasi`: the one that was started early, once, else a new one. The caller disposes it. */
export function wasiRuntime(): Runtime {
  const runtime = early ?? create();
  early = undefined;
  return runtime;
}

function create(): Runtime {
  return createWasiRuntime({ workerUrl: bundledFile("worker.js") });
}

/** A file of the bundle, where this is one; a runtime finds its threads' source itself. */
export function bundledFile(name: string): URL | undefined {
  return import.meta.url.endsWith(".ts") ? undefined : new URL(name, import.meta.url);
}
