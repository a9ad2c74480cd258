/** One container in a {@link RunQueue}: the less virtual time it has used, the sooner it runs. */
export interface Runnable {
  /** Its share of the thread: twice the weight, twice the time. */
  readonly weight: number;
  /** CPU time used, divided by the weight. */
  vruntime: number;
  /** Order of arrival, which decides between equals. Set by {@link RunQueue.push}. */
  arrival: number;
}

/** The share of a thread that a CPU request stands for: the kubelet's own cgroup v1 `cpu.shares`, 2 at the least. */
export function weightOf(cpuRequestMillis: number | undefined): number {
  return Math.max(2, Math.floor(((cpuRequestMillis ?? 0) * 1024) / 1000));
}

/** Turns that those who come for the first time get in a row, while others wait who have run before. */
const NEWCOMERS_IN_A_ROW = 8;

/** Picked ones that the list of newcomers holds at most. */
const MANY_PICKED = 256;

/** Microseconds that one who waited for something waits for the thread at most because of what it used before. */
const WAKE_MICROS = 4_000;

/**
 * Who runs next: stride scheduling over a binary heap. {@link RunQueue.pickNext} takes the smallest virtual time.
 * One that slept starts at the virtual time of the last one picked, so that nobody saves up time by sleeping. So does
 * one that comes for the first time; but thousands of those, who come one after the other and hold virtual time where it
 * is, must not keep one waiting that was interrupted in the midst of its own first turn.
 */
export class RunQueue<Task extends Runnable> {
  readonly #heap: Task[] = [];
  /** Those that have never run, in the order in which they came. */
  #newcomers: Task[] = [];
  /** How many of them were picked since they were all picked last. */
  #newcomersPicked = 0;
  #newcomersInARow = 0;
  #arrivals = 0;
  #clock = 0;
  /** Weights of all that wait here. */
  #weight = 0;
  /** Weight of the one picked last. */
  #picked = 0;

  get size(): number {
    return this.#heap.length + this.#newcomers.length - this.#newcomersPicked;
  }

  /**
   * Adds a task that has waited for something other than the thread. It need not wait long for having used more than
   * its share before: one that sleeps between short turns is never held up by those that compute all the time.
   */
  wake(task: Task): void {
    const others = this.#weight + this.#picked;
    if (others > 0) task.vruntime = Math.min(task.vruntime, this.#clock + WAKE_MICROS / others);
    const isNew = task.vruntime === 0;
    this.#place(task);
    if (isNew) this.#newcomers.push(task);
    else this.#insert(task);
  }

  /** Adds a task that may run. */
  push(task: Task): void {
    this.#place(task);
    this.#insert(task);
  }

  /**
   * A task has run up to the virtual time that it has now. Time goes on with it, but not past those that wait: else
   * who keeps coming for the first time, or from sleep, would come before them for ever.
   */
  ran({ vruntime }: Task): void {
    const waiting = Math.min(this.#heap[0]?.vruntime ?? vruntime, this.#newcomer?.vruntime ?? vruntime);
    this.#clock = Math.max(this.#clock, Math.min(vruntime, waiting));
  }

  /** Takes out the task whose turn it is; undefined when none may run. */
  pickNext(): Task | undefined {
    const picked = this.#isNewcomersTurn() ? this.#takeNewcomer() : this.#takeFirst();
    if (picked === undefined) return undefined;
    this.#clock = Math.max(this.#clock, picked.vruntime);
    this.#weight -= picked.weight;
    this.#picked = picked.weight;
    return picked;
  }

  get #newcomer(): Task | undefined {
    return this.#newcomers[this.#newcomersPicked];
  }

  #isNewcomersTurn(): boolean {
    const newcomer = this.#newcomer;
    const first = this.#heap[0];
    if (newcomer === undefined || first === undefined) return newcomer !== undefined;
    if (this.#newcomersInARow === NEWCOMERS_IN_A_ROW || isBefore(first, newcomer)) return false;
    this.#newcomersInARow++;
    return true;
  }

  #takeNewcomer(): Task | undefined {
    const taken = this.#newcomer;
    this.#newcomersPicked++;
    if (this.#newcomersPicked === this.#newcomers.length || this.#newcomersPicked === MANY_PICKED) {
      this.#newcomers = this.#newcomers.slice(this.#newcomersPicked);
      this.#newcomersPicked = 0;
    }
    return taken;
  }

  #takeFirst(): Task | undefined {
    this.#newcomersInARow = 0;
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first !== undefined && last !== undefined && first !== last) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #place(task: Task): void {
    this.#weight += task.weight;
    task.vruntime = Math.max(task.vruntime, this.#clock);
    task.arrival = this.#arrivals++;
  }

  #insert(task: Task): void {
    this.#heap.push(task);
    this.#rise(this.#heap.length - 1);
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #before(one: number, other: number): boolean {
    const a = this.#heap[one];
    const b = this.#heap[other];
    return a !== undefined && b !== undefined && isBefore(a, b);
  }

  #swapIfBefore(one: number, other: number): boolean {
    const a = this.#heap[one];
    const b = this.#heap[other];
    if (a === undefined || b === undefined || !this.#before(one, other)) return false;
    this.#heap[one] = b;
    this.#heap[other] = a;
    return true;
  }
}

function isBefore(a: Runnable, b: Runnable): boolean {
  return a.vruntime === b.vruntime ? a.arrival < b.arrival : a.vruntime < b.vruntime;
}
