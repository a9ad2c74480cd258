/** Guests that have started or ended since the last time, from which on it is worth it. */
const WORTH = 20;
/** How long none has in what counts as quiet. */
const QUIET_MS = 1000;
/** A collection holds up every guest of the thread: bursts that follow each other share one. */
const APART_MS = 10_000;

/** Options of {@link BurstCollector}. */
export interface BurstCollectorInit {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly later: (callback: () => void, ms: number) => void;
  readonly release: () => void;
}

/**
 * Has memory released once a burst of starts and ends is over. What is left of one would otherwise be collected when the
 * guests wake up, and all of them would wait for it: a collection looks at the stacks of all that sleep.
 */
export class BurstCollector {
  readonly #init: BurstCollectorInit;
  #count = 0;
  #last = 0;
  #released = Number.NEGATIVE_INFINITY;
  #waits = false;

  constructor(init: BurstCollectorInit) {
    this.#init = init;
  }

  /** A guest has started, or ended. */
  note(): void {
    this.#count += 1;
    this.#last = this.#init.now();
    if (this.#count < WORTH || this.#waits) return;
    this.#waits = true;
    this.#init.later(() => this.#look(), QUIET_MS);
  }

  #look(): void {
    const now = this.#init.now();
    const left = Math.max(this.#last + QUIET_MS, this.#released + APART_MS) - now;
    if (left > 0) return this.#init.later(() => this.#look(), left);
    this.#waits = false;
    this.#count = 0;
    this.#released = now;
    this.#init.release();
  }
}
