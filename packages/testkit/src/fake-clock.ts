import type { Cancellable, Clock } from "@krustlet/interface";

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now: number;
  #setBy = 0;
  #sleepers: Sleeper[] = [];

  /** @param start What {@link FakeClock.now} says first. Default: 2026-01-01T00:00Z. */
  constructor(start: Date = new Date("2026-01-01T00:00:00Z")) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now + this.#setBy);
  }

  elapsed(): number {
    return this.#now;
  }

  /** Somebody sets the wall clock: it is so many milliseconds later, or earlier, and nothing else has changed. */
  set(ms: number): void {
    this.#setBy += ms;
  }

  sleep(ms: number, options: Cancellable = {}): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const sleeper = { wakeAt: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener(
        "abort",
        () => {
          this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
  }

  /** How many calls of {@link FakeClock.sleep} wait. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /**
   * Moves the clock on, stopping at each sleeper on the way to let what it does run, then settles at the new time.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = this.#sleepers
        .filter(({ wakeAt }) => wakeAt <= end)
        .toSorted((a, b) => a.wakeAt - b.wakeAt)[0];
      if (due === undefined) break;
      this.#sleepers = this.#sleepers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.wakeAt);
      due.wake();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets every promise that is settled, and what follows from it, run. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
