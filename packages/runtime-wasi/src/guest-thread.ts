import type { Worker } from "node:worker_threads";
import type { ContainerIo, ContainerPlan } from "@krustlet/interface";
import { startGuestWorker } from "./early-thread.ts";
import { endWorker } from "./end-worker.ts";
import {
  EPOCH_CELL,
  type FromThread,
  type GuestEnd,
  type GuestThreadData,
  type Handle,
  type ReadyModule,
  type ToThread,
} from "./protocol.ts";
import { type ContainerThread, RemoteContainer } from "./remote-container.ts";
import { HandedModules } from "./handed-modules.ts";
import { errorOf } from "./thread-error.ts";
import type { Ticker, TickerLease } from "./ticker-thread.ts";

/** Options of {@link GuestThread}. */
export interface GuestThreadInit {
  readonly url: URL;
  readonly ticker: Ticker;
  /** Megabytes that the thread's JavaScript heap may have; beyond, the thread ends. Default: the engine's own limit. */
  readonly heapMb?: number;
  /** A thread that was started ahead and waits for its data; else one is started. */
  readonly worker?: Worker;
  /** Told once, when the thread is gone. */
  onGone(thread: GuestThread): void;
}

/** Milliseconds that a guest on a thread of its own has to close its descriptors when it is killed. */
const KILL_ANSWER_MS = 10;
/** Milliseconds after which a guest that has not answered a stop request is taken for one that computes. */
const STOP_ANSWER_MS = 50;

type CpuUsage = Awaited<ReturnType<Worker["cpuUsage"]>>;

interface Resident {
  readonly container: RemoteContainer;
  readonly started: (error?: Error) => void;
  readonly onEnd: () => void;
  running: boolean;
  /** Whether it has heard the stop request. */
  answered: boolean;
  /** Why the thread is being ended, where it is for this container's sake. */
  end?: GuestEnd;
}

/** What {@link GuestThread.start} starts. */
export interface GuestStart {
  readonly plan: ContainerPlan;
  readonly io: ContainerIo;
  readonly ready: ReadyModule;
  /** The thread is this container's own: it is killed with it. */
  readonly own: boolean;
  /** Called once, when the container has ended or could not be started. */
  readonly onEnd: () => void;
}

/** One worker thread with the containers on it. */
export class GuestThread {
  /** Resolves when the thread takes containers; rejects when it ended before. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #slot: TickerLease;
  readonly #ticker: Ticker;
  readonly #epoch: Int32Array;
  readonly #residents = new Map<Handle, Resident>();
  readonly #modules = new HandedModules((message) => this.#post(message));
  readonly #gone: Promise<void>;
  #nextHandle = 1;
  #releasing: PromiseWithResolvers<void> | undefined;
  #death: { readonly message: string; readonly outOfMemory: boolean } | undefined;
  #ended = false;

  constructor(init: GuestThreadInit) {
    this.#ticker = init.ticker;
    this.#slot = init.ticker.lease();
    this.#epoch = new Int32Array(this.#slot.data.epoch.buffer);
    const data: GuestThreadData = { role: "guests", ...this.#slot.data };
    this.#worker = init.worker ?? startGuestWorker(init.url, { data, heapMb: init.heapMb });
    init.worker?.postMessage(data, []);
    const ready = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#gone = gone.promise;
    ready.promise.catch(() => undefined);
    this.#worker.on("message", (message: FromThread) => {
      if (message.type === "ready") {
        this.#worker.unref();
        ready.resolve();
      } else if (message.type === "released") {
        this.#releasing?.resolve();
        this.#releasing = undefined;
      } else this.#onMessage(message);
    });
    this.#worker.on("error", (error: unknown) => {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      this.#death = {
        message: error instanceof Error ? error.message : String(error),
        outOfMemory: code === "ERR_WORKER_OUT_OF_MEMORY",
      };
    });
    this.#worker.once("exit", () => {
      this.#ended = true;
      this.#slot[Symbol.dispose]();
      ready.reject(new Error(this.#death?.message ?? "the thread was ended before it was ready"));
      this.#endAll();
      init.onGone(this);
      gone.resolve();
    });
  }

  /** Containers on it. */
  get load(): number {
    return this.#residents.size;
  }

  get alive(): boolean {
    return !this.#ended;
  }

  /** Starts a container on this thread; resolves when the guest's first instruction may run. */
  start(start: GuestStart): Promise<RemoteContainer> {
    if (this.#ended) return Promise.reject(new Error("its thread has ended"));
    const handle = this.#nextHandle++;
    const { plan, io, own, onEnd } = start;
    const container = new RemoteContainer(plan.id, io, this.#calls(handle, own));
    const module = this.#modules.lease(start.ready);
    return new Promise((resolve, reject) => {
      this.#residents.set(handle, {
        container,
        running: false,
        answered: false,
        onEnd: () => {
          module[Symbol.dispose]();
          onEnd();
        },
        started: (error) => {
          if (error === undefined) resolve(container);
          else reject(error);
        },
      });
      this.#worker.ref();
      this.#post({
        type: "start",
        handle,
        plan,
        module: module.number,
        stdin: io.stdin !== undefined,
      });
    });
  }

  /** Has it give back what it needs no longer. Resolves when it has, or is gone. */
  async releaseMemory(): Promise<void> {
    if (this.#ended) return;
    if (this.#releasing === undefined) {
      this.#releasing = Promise.withResolvers();
      this.#post({ type: "releaseMemory" });
    }
    await Promise.race([this.#releasing.promise, this.#gone]);
  }

  /** Ends the thread and every container on it. */
  async terminate(): Promise<void> {
    this.#slot.silence();
    await endWorker(this.#worker, this.#epoch);
    await this.#gone;
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    if (!this.#ended) this.#worker.postMessage(message, transfer);
  }

  #calls(handle: Handle, own: boolean): ContainerThread {
    // What the thread used before this container, which is its start.
    const before = own ? this.#worker.cpuUsage().catch(() => undefined) : undefined;
    return {
      credit: (bytes) => this.#post({ type: "credit", handle, bytes }),
      stdin: (chunk) => this.#post({ type: "stdin", handle, chunk }),
      terminate: () => {
        if (!own) this.#ticker.start();
        this.#post({ type: "terminate", handle });
        if (own) this.#endUnlessAnswered(handle);
      },
      kill: () => {
        this.#post({ type: "kill", handle });
        if (own) this.#endSoon();
        else this.#ticker.start();
      },
      usage: () => {
        if (!own) this.#ticker.start();
        this.#post({ type: "usage", handle });
        return own ? this.#cpuSince(before) : undefined;
      },
    };
  }

  /** A guest that waits closes what it has open before its thread goes; one that computes goes with the thread. */
  #endSoon(): void {
    setTimeout(() => void endWorker(this.#worker, this.#epoch), KILL_ANSWER_MS);
  }

  /**
   * A guest that computes on a thread of its own does not hear the stop request before it waits. One that has its
   * signals file open will find it there; any other is ended.
   */
  #endUnlessAnswered(handle: Handle): void {
    const timer = setTimeout(() => {
      const resident = this.#residents.get(handle);
      if (resident === undefined || resident.answered) return;
      if (Atomics.load(this.#epoch, EPOCH_CELL.SIGNAL_READERS) > 0) return resident.container.onTerminated();
      resident.end = { exitCode: 143, reason: "Error" };
      void endWorker(this.#worker, this.#epoch);
    }, STOP_ANSWER_MS);
    timer.unref();
  }

  async #cpuSince(
    before: Promise<CpuUsage | undefined> | undefined,
  ): Promise<{ readonly cpuMicros: number }> {
    const [start, now] = await Promise.all([before, this.#worker.cpuUsage()]);
    return { cpuMicros: now.user + now.system - (start?.user ?? 0) - (start?.system ?? 0) };
  }

  #onMessage(message: Exclude<FromThread, { type: "ready" | "released" }>): void {
    const resident = this.#residents.get(message.handle);
    if (resident === undefined) return;
    const { container } = resident;
    switch (message.type) {
      case "started":
        container.startedAt = new Date(message.startedAt);
        container.onUsage(message);
        resident.running = true;
        return resident.started();
      case "failed":
        this.#drop(message.handle, resident);
        return resident.started(errorOf(message.failure));
      case "output":
        return container.onOutput(message.stream, message.chunk);
      case "pull":
        return container.onPull();
      case "terminated":
        resident.answered = true;
        return container.onTerminated();
      case "usage":
        return container.onUsage(message);
      case "exited":
        this.#drop(message.handle, resident);
        container.onUsage(message);
        return container.onEnd(message.end, new Date(message.finishedAt));
    }
  }

  #drop(handle: Handle, resident: Resident): void {
    this.#residents.delete(handle);
    if (this.#residents.size === 0) this.#worker.unref();
    resident.onEnd();
  }

  /** The thread is gone: so are its containers, by a kill or by an accident. */
  #endAll(): void {
    const death = this.#death;
    const finishedAt = new Date();
    for (const [handle, resident] of this.#residents) {
      this.#drop(handle, resident);
      const message = death && `the thread that ran the container ended unexpectedly: ${death.message}`;
      if (resident.running) {
        const reason = death?.outOfMemory === true ? "OOMKilled" : "Error";
        resident.container.onEnd(resident.end ?? { exitCode: 137, reason, message }, finishedAt);
      } else {
        const why = `container ${resident.container.id}: ${message ?? "the runtime was closed"}`;
        resident.started(errorOf({ code: "StartFailed", message: why, retryable: true }));
      }
    }
  }
}
