import { SLICE_MS } from "./ticker.ts";

/** What a {@link PacedQueue} works with. */
export interface PacedQueueInit<Item> {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Calls back after the event loop has looked at its timers, messages and sockets once. */
  readonly afterLoop: (callback: () => void) => void;
  readonly work: (item: Item) => void;
}

/**
 * Does work as it comes, but no longer than a slice in one pass of the event loop: a thousand messages that arrive at
 * once must not keep a thousand guests waiting.
 */
export class PacedQueue<Item> {
  readonly #init: PacedQueueInit<Item>;
  #waiting: Item[] = [];
  #done = 0;
  /** When this pass of the event loop began its first work; undefined when it has done none. */
  #passSince: number | undefined;

  constructor(init: PacedQueueInit<Item>) {
    this.#init = init;
  }

  push(item: Item): void {
    this.#waiting.push(item);
    this.#work();
  }

  #work(): void {
    if (this.#passSince === undefined) {
      this.#passSince = this.#init.now();
      this.#init.afterLoop(() => {
        this.#passSince = undefined;
        if (this.#done < this.#waiting.length) this.#work();
      });
    }
    while (this.#done < this.#waiting.length && this.#init.now() - this.#passSince < SLICE_MS) {
      const item = this.#waiting[this.#done++];
      if (item !== undefined) this.#init.work(item);
    }
    if (this.#done === this.#waiting.length) {
      this.#waiting = [];
      this.#done = 0;
    }
  }
}
