import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { availableParallelism, totalmem } from "node:os";
import type { Cancellable, ContainerIo, ContainerPlan, RunningContainer, Runtime } from "@krustlet/interface";
import { isKrustletError, KrustletError } from "@krustlet/interface";
import { type Capacity, capacityOf } from "./capacity.ts";
import { ModuleCache } from "./module-cache.ts";
import type { WantedForm } from "./prepare-module.ts";
import { prepareOnThread } from "./prepare-thread.ts";
import { ThreadPool } from "./thread-pool.ts";
import { pagesOf } from "./thread/memory-limit.ts";

/** Megabytes of JavaScript heap with which the host's code runs in any case. */
const LEAST_HEAP_MB = 32;

/** Options of {@link createWasiRuntime}; all optional. */
export interface WasiRuntimeInit {
  /** The RuntimeClass handler, and the scheme of container IDs. Default: `wasi`. */
  readonly name?: string;
  /** Threads that containers share, at most. Default: one for each core, at most 4. */
  readonly threads?: number;
  /**
   * Whether all of these are started now, so that no container waits for one: for a process that runs many. Default: the
   * first one, and others once containers share it.
   */
  readonly threadsAhead?: boolean;
  /** Containers at the same time, at most. Default: three quarters of what the process can carry. */
  readonly maxContainers?: number;
  /**
   * The file that threads start from, where a bundler moved it: the build of `@krustlet/runtime-wasi/worker`.
   * Default: `worker.js` beside this module.
   */
  readonly workerUrl?: URL;
  /** What `startEarlyThread` of `@krustlet/runtime-wasi/early-thread` made; default: the first thread is started now. */
  readonly firstThread?: Worker;
}

/**
 * A runtime that runs core WebAssembly modules with WASI preview 1: many containers on a few threads, interruptible,
 * or one on a thread of its own. The first thread is started at once, so that the first container need not wait for it.
 * The caller disposes it, which kills what still runs.
 */
export function createWasiRuntime(init: WasiRuntimeInit = {}): Runtime {
  return new WasiRuntime(init);
}

class WasiRuntime implements Runtime {
  readonly name: string;
  readonly #pool: ThreadPool;
  readonly #modules: ModuleCache;
  readonly #capacity: Capacity;
  #containers = 0;
  #disposed = false;

  constructor(init: WasiRuntimeInit) {
    this.name = init.name ?? "wasi";
    const source = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    const url = init.workerUrl ?? new URL(source, import.meta.url);
    this.#pool = new ThreadPool({
      url,
      size: init.threads ?? Math.min(4, availableParallelism()),
      firstThread: init.firstThread,
      ahead: init.threadsAhead,
    });
    this.#modules = new ModuleCache((bytes, wanted, subject) =>
      prepareOnThread(url, { bytes, wanted, subject }),
    );
    this.#capacity =
      init.maxContainers === undefined
        ? capacityOf(maxMapCount())
        : { containers: init.maxContainers, because: "that is how the runtime was configured" };
  }

  async start(plan: ContainerPlan, io: ContainerIo, options: Cancellable = {}): Promise<RunningContainer> {
    const subject = `container ${plan.pod.namespace}/${plan.pod.name}/${plan.name}`;
    options.signal?.throwIfAborted();
    this.#requireRoom(subject);
    this.#containers++;
    let left = false;
    const leave = (): void => {
      if (!left) this.#containers--;
      left = true;
    };
    try {
      const container = await this.#start(plan, io, { subject, leave });
      if (options.signal?.aborted === true) {
        await container[Symbol.asyncDispose]();
        options.signal.throwIfAborted();
      }
      return container;
    } catch (error) {
      leave();
      throw error;
    }
  }

  async releaseMemory(): Promise<void> {
    await this.#pool.releaseMemory();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#pool.close();
  }

  async #start(
    plan: ContainerPlan,
    io: ContainerIo,
    of: { readonly subject: string; leave(): void },
  ): Promise<RunningContainer> {
    const wanted = wantedFormOf(plan);
    const lease = await this.#modules.lease(plan.module, wanted, of.subject);
    try {
      const { ready } = lease;
      const { form } = ready;
      const harmful = form.kind === "metered" && (form.allocatesOnHostHeap || form.holdsThread);
      const own = plan.isolated || harmful;
      const thread = own
        ? await this.#pool.own({
            metered: form.kind === "metered",
            heapMb: heapMbOf(plan.resources.memoryLimitBytes),
          })
        : await this.#pool.shared();
      const onEnd = (): void => {
        lease[Symbol.dispose]();
        of.leave();
        if (own) void thread.terminate();
      };
      return await thread.start({ plan, io, ready, own, onEnd });
    } catch (cause) {
      lease[Symbol.dispose]();
      if (isKrustletError(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new KrustletError("StartFailed", `${of.subject} could not be started: ${reason}`, {
        cause,
        retryable: true,
      });
    }
  }

  #requireRoom(subject: string): void {
    if (this.#disposed) {
      throw new KrustletError("StartFailed", `${subject} was not started: the runtime is closed`);
    }
    const { containers, because } = this.#capacity;
    if (this.#containers < containers) return;
    throw new KrustletError(
      "CapacityExceeded",
      `${subject} was not started: ${this.#containers} containers run in this process, and ${containers} is the most (${because})`,
      { retryable: true },
    );
  }
}

/**
 * A container on a thread of its own runs as it is, unless it may use less than a core: what is not metered cannot be
 * slowed down.
 */
function wantedFormOf({ isolated, resources }: ContainerPlan): WantedForm {
  if (!isolated || (resources.cpuLimitMillis ?? Infinity) < 1000) return { kind: "metered" };
  return { kind: "limited", maxPages: pagesOf(resources.memoryLimitBytes ?? totalmem()) };
}

/** What the memory limit leaves to the JavaScript heap, which the host's own code needs too. */
function heapMbOf(memoryLimitBytes: number | undefined): number | undefined {
  return memoryLimitBytes === undefined
    ? undefined
    : Math.max(LEAST_HEAP_MB, Math.ceil(memoryLimitBytes / 2 ** 20));
}

function maxMapCount(): number | undefined {
  try {
    const count = Number.parseInt(readFileSync("/proc/sys/vm/max_map_count", "utf8"), 10);
    return Number.isNaN(count) ? undefined : count;
  } catch {
    return undefined;
  }
}
