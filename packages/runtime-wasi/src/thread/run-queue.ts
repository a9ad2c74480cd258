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

/** Microseconds that one who waited for something waits for the thread at most because of what it used before. */
const WAKE_MICROS = 4_000;

/**
 * Who runs next: stride scheduling over a binary heap. {@link RunQueue.pickNext} takes the smallest virtual time.
 * One that slept starts at the virtual time of the last one picked, so that nobody saves up time by sleeping.
 */
export class RunQueue<Task extends Runnable> {
  readonly #heap: Task[] = [];
  #arrivals = 0;
  #clock = 0;
  /** Weights of all that wait here. */
  #weight = 0;
  /** Weight of the one picked last. */
  #picked = 0;

  get size(): number {
    return this.#heap.length;
  }

  /**
   * Adds a task that has waited for something other than the thread. It need not wait long for having used more than
   * its share before: one that sleeps between short turns is never held up by those that compute all the time.
   */
  wake(task: Task): void {
    const others = this.#weight + this.#picked;
    if (others > 0) task.vruntime = Math.min(task.vruntime, this.#clock + WAKE_MICROS / others);
    this.push(task);
  }

  /** Adds a task that may run. */
  push(task: Task): void {
    this.#weight += task.weight;
    task.vruntime = Math.max(task.vruntime, this.#clock);
    task.arrival = this.#arrivals++;
    this.#heap.push(task);
    this.#rise(this.#heap.length - 1);
  }

  /**
   * A task has run up to the virtual time that it has now. Time goes on with it, but not past those that wait: else
   * who keeps coming for the first time, or from sleep, would come before them for ever.
   */
  ran({ vruntime }: Task): void {
    this.#clock = Math.max(this.#clock, Math.min(vruntime, this.#heap[0]?.vruntime ?? vruntime));
  }

  /** Takes out the task whose turn it is; undefined when none may run. */
  pickNext(): Task | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (first !== last) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    this.#clock = Math.max(this.#clock, first.vruntime);
    this.#weight -= first.weight;
    this.#picked = first.weight;
    return first;
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
    if (a === undefined || b === undefined) return false;
    return a.vruntime === b.vruntime ? a.arrival < b.arrival : a.vruntime < b.vruntime;
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
