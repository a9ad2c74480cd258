import type { Worker } from "node:worker_threads";
import { GuestThread, type GuestThreadInit } from "./guest-thread.ts";
import { Ticker } from "./ticker-thread.ts";

/** Options of {@link ThreadPool}. */
export interface ThreadPoolInit {
  readonly url: URL;
  /** Threads that containers share, at most. */
  readonly size: number;
  /** The first of them, where it was started ahead. */
  readonly firstThread?: Worker;
  /** Whether all of them are started at once. */
  readonly ahead?: boolean;
}

/** What a container wants of a thread of its own. */
export interface OwnThreadOptions {
  /** It can be interrupted, and must be now and then. */
  readonly metered: boolean;
  /** Bound of the JavaScript heap, on which a guest with garbage-collected objects puts them. */
  readonly heapMb?: number;
}

/** The threads of a runtime: a few that containers share, and one for each container that wants its own. */
export class ThreadPool {
  readonly #init: ThreadPoolInit;
  readonly #ticker: Ticker;
  readonly #all = new Set<GuestThread>();
  readonly #shared: GuestThread[] = [];
  /** Started ahead, for whoever comes first. */
  #warm: GuestThread | undefined;
  #growing = false;
  #closed = false;

  constructor(init: ThreadPoolInit) {
    this.#init = init;
    this.#ticker = new Ticker(init.url);
    this.#warm = this.#open({ worker: init.firstThread });
    if (init.ahead !== true) return;
    this.#ticker.start();
    for (let count = 0; count < init.size; count++) this.#shared.push(this.#take());
  }

  /** The shared thread with the fewest containers; grows the pool in the background while every thread is busy. */
  async shared(): Promise<GuestThread> {
    if (this.#shared.length === 0) this.#shared.push(this.#take());
    const least = this.#shared.reduce((best, thread) => (thread.load < best.load ? thread : best));
    if (least.load > 0) {
      this.#ticker.start();
      this.#grow();
    }
    await least.ready;
    this.#ticker.startSoon();
    return least;
  }

  /** A thread that nobody else gets. The caller terminates it. */
  async own({ metered, heapMb }: OwnThreadOptions): Promise<GuestThread> {
    const thread = heapMb === undefined ? this.#take() : this.#open({ heapMb });
    await thread.ready;
    if (metered) this.#ticker.startSoon();
    return thread;
  }

  /** Has every thread give back what it needs no longer. Resolves when those have that containers share: they answer in time. */
  async releaseMemory(): Promise<void> {
    const waited: Promise<void>[] = [];
    for (const thread of this.#all) {
      const released = thread.releaseMemory();
      if (this.#shared.includes(thread)) waited.push(released);
    }
    await Promise.all(waited);
  }

  /** Ends every thread and what runs on it. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#ticker.close(), ...[...this.#all].map((thread) => thread.terminate())]);
  }

  #grow(): void {
    if (this.#growing || this.#closed || this.#shared.length >= this.#init.size) return;
    this.#growing = true;
    void this.#shareWhenReady(this.#take());
  }

  async #shareWhenReady(thread: GuestThread): Promise<void> {
    await thread.ready.catch(() => undefined);
    this.#growing = false;
    if (thread.alive) this.#shared.push(thread);
  }

  #take(): GuestThread {
    const thread = this.#warm ?? this.#open();
    this.#warm = undefined;
    return thread;
  }

  #open(init: Pick<GuestThreadInit, "heapMb" | "worker"> = {}): GuestThread {
    const thread = new GuestThread({
      ...init,
      url: this.#init.url,
      ticker: this.#ticker,
      onGone: (gone) => {
        this.#all.delete(gone);
        if (this.#warm === gone) this.#warm = undefined;
        const index = this.#shared.indexOf(gone);
        if (index !== -1) this.#shared.splice(index, 1);
      },
    });
    this.#all.add(thread);
    return thread;
  }
}
