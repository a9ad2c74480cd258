import type { Runtime } from "@krustlet/interface";

import { bundledFile } from "./wasi-runtime.ts";

/** The runtimes of one process, each opened when the first container needs it. Disposing closes those that were. */
export interface ComposedRuntimes extends AsyncDisposable {
  /** By name: `wasi`, `wasmer`. */
  readonly runtimes: ReadonlyMap<string, () => Promise<Runtime>>;
  /** Has those that were opened give back memory. */
  releaseMemory(): Promise<void>;
}

/**
 * The runtimes that krustlet has, `wasi` being what `openWasi` makes. `endsProcess`: their threads end with the process, and
 * are not ended before.
 */
export function composeRuntimes(endsProcess: boolean, openWasi: () => Runtime): ComposedRuntimes {
  const opened: Promise<Runtime>[] = [];
  const opening = (open: () => Promise<Runtime>): (() => Promise<Runtime>) =>
    once(() => {
      const runtime = open();
      opened.push(runtime);
      return runtime;
    });
  return {
    runtimes: new Map([
      ["wasi", opening(() => Promise.resolve(openWasi()))],
      [
        "wasmer",
        opening(async () => {
          const { createWasmerRuntime } = await import("@krustlet/runtime-wasmer");
          return createWasmerRuntime({ workerUrl: bundledFile("wasmer-worker.mjs") });
        }),
      ],
    ]),
    releaseMemory: async () => {
      for (const runtime of opened) await (await runtime).releaseMemory?.();
    },
    [Symbol.asyncDispose]: async () => {
      // Threads end with the process; ending them one by one would only take longer.
      if (endsProcess) return;
      for (const runtime of opened) await (await runtime)[Symbol.asyncDispose]();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
