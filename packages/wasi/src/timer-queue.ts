/** The host's timers cannot be longer. */
const LONGEST_MS = 2_147_483_647;

/** One timer of a {@link TimerQueue}: disposed, it never fires. */
class QueuedTimer implements Disposable {
  readonly #queue: TimerQueue;
  /** When it fires, by `performance.now()`. */
  readonly at: number;
  readonly wake: () => void;
  /** Where it is in the heap; -1 when it is there no more. */
  index = -1;

  constructor(queue: TimerQueue, at: number, wake: () => void) {
    this.#queue = queue;
    this.at = at;
    this.wake = wake;
  }

  [Symbol.dispose](): void {
    this.#queue.remove(this);
  }
}

/**
 * Timers of thousands of guests on one timer of the host: a binary heap by time. A timer of the host for each would
 * be five times as much memory, most of it garbage when the guest wakes.
 */
export class TimerQueue {
  readonly #heap: QueuedTimer[] = [];
  #host: NodeJS.Timeout | undefined;
  /** When the host's timer fires; not after the first of the heap. */
  #hostAt = Infinity;

  /** Calls `wake` once, `milliseconds` from now or a little later. */
  add(milliseconds: number, wake: () => void): Disposable {
    const timer = new QueuedTimer(this, performance.now() + milliseconds, wake);
    this.#put(timer, this.#heap.length);
    this.#rise(timer);
    this.#arm();
    return timer;
  }

  remove(timer: QueuedTimer): void {
    const { index } = timer;
    if (index === -1) return;
    timer.index = -1;
    const last = this.#heap.pop();
    if (last !== undefined && last !== timer) {
      this.#put(last, index);
      this.#rise(last);
      this.#sink(last);
    }
    // Else the host's timer may be early for the next one, which harms nobody.
    if (this.#heap.length === 0) this.#disarm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.at >= this.#hostAt) return;
    this.#disarm();
    this.#hostAt = first.at;
    const milliseconds = Math.max(1, Math.ceil(first.at - performance.now()));
    this.#host = setTimeout(this.#fire, Math.min(milliseconds, LONGEST_MS));
  }

  #disarm(): void {
    clearTimeout(this.#host);
    this.#hostAt = Infinity;
  }

  readonly #fire = (): void => {
    this.#hostAt = Infinity;
    const now = performance.now();
    try {
      for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
        this.remove(first);
        first.wake();
      }
    } finally {
      this.#arm();
    }
  };

  #put(timer: QueuedTimer, index: number): void {
    this.#heap[index] = timer;
    timer.index = index;
  }

  #rise(timer: QueuedTimer): void {
    for (;;) {
      const { index } = timer;
      const parent = this.#heap[(index - 1) >> 1];
      if (index === 0 || parent === undefined || parent.at <= timer.at) return;
      this.#put(timer, parent.index);
      this.#put(parent, index);
    }
  }

  #sink(timer: QueuedTimer): void {
    for (;;) {
      const { index } = timer;
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= timer.at) return;
      this.#put(timer, child.index);
      this.#put(child, index);
    }
  }
}
