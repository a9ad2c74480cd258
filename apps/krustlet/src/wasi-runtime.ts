import type { Worker } from "node:worker_threads";

import type { Runtime } from "@krustlet/interface";
import { createWasiRuntime } from "@krustlet/runtime-wasi";

let prepared: Runtime | undefined;

/** Makes the runtime that {@link wasiRuntime} will give of a thread that was started ahead. */
export function prepareWasiRuntime(firstThread: Worker): void {
  prepared = create(firstThread);
}

/** The runtime `wasi`: the one that was prepared, once, else a new one. The caller disposes it. */
export function wasiRuntime(): Runtime {
  const runtime = prepared ?? create();
  prepared = undefined;
  return runtime;
}

/** The runtime `wasi` of a node, all of its threads started. The caller disposes it. */
export function wasiRuntimeOfNode(): Runtime {
  return createWasiRuntime({ workerUrl: bundledFile("thread.cjs"), threadsAhead: true });
}

function create(firstThread?: Worker): Runtime {
  return createWasiRuntime({ workerUrl: bundledFile("thread.cjs"), firstThread });
}

/** A file of the bundle, where this is one; a runtime finds its threads' source itself. */
export function bundledFile(name: string): URL | undefined {
  return import.meta.url.endsWith(".ts") ? undefined : new URL(name, import.meta.url);
}
