import type { Cancellable, ContainerIo, ContainerPlan, RunningContainer, Runtime } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import { createWasiRuntime } from "@krustlet/runtime-wasi";

/** Options of {@link createWasmerRuntime}; all optional. */
export interface WasmerRuntimeInit {
  /** Threads that containers share, at most. Default: one for each core, at most 4. */
  readonly threads?: number;
  /** The build of `@krustlet/runtime-wasmer/worker`, where a bundler moved it. Default: `worker.js` beside this module. */
  readonly workerUrl?: URL;
}

/**
 * A runtime whose guests get their files, arguments and clocks from `@wasmer/wasi` and `@wasmer/wasmfs`, on the threads
 * of `@krustlet/runtime-wasi`: interrupted, limited and killed as there. The caller disposes it, which kills what runs.
 */
export function createWasmerRuntime(init: WasmerRuntimeInit = {}): Runtime {
  const source = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  return new WasmerRuntime(
    createWasiRuntime({
      name: "wasmer",
      threads: init.threads,
      workerUrl: init.workerUrl ?? new URL(source, import.meta.url),
    }),
  );
}

class WasmerRuntime implements Runtime {
  readonly name = "wasmer";
  readonly #threads: Runtime;

  constructor(threads: Runtime) {
    this.#threads = threads;
  }

  async start(plan: ContainerPlan, io: ContainerIo, options?: Cancellable): Promise<RunningContainer> {
    const refused = refusalOf(plan);
    if (refused !== undefined) throw new KrustletError("UnsupportedField", refused);
    return this.#threads.start(plan, io, options);
  }

  async releaseMemory(): Promise<void> {
    await this.#threads.releaseMemory?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads[Symbol.asyncDispose]();
  }
}

/** Why the runtime cannot run a container, if it cannot. */
function refusalOf({ pod, name, listen }: ContainerPlan): string | undefined {
  const [socket] = listen;
  if (socket === undefined) return undefined;
  return `container ${pod.namespace}/${pod.name}/${name} asks for the listening port ${socket.name}, but the runtime wasmer has no sockets; run it with the runtime wasi`;
}
