import { type CpuQuota, chargeQuota, QUOTA_PERIOD_MS, quotaOf, throttledUntil } from "./cpu-quota.ts";
import { type Runnable, RunQueue, weightOf } from "./run-queue.ts";
import { SLICE_MS } from "./ticker.ts";

/**
 * Microseconds of one turn that count for the order of turns at most. A guest is interrupted long before, so what goes
 * beyond is the host's: a collection of garbage, say, for which one of a thousand would wait until all others were heard.
 */
const TURN_MICROS = 4_000 * SLICE_MS;

const SETTLED = Promise.resolve();

/** A container as the scheduler of its thread sees it. */
export interface Task extends Runnable {
  quota: CpuQuota | undefined;
  /** Microseconds for which it held the thread. */
  micros: number;
  /** Lets the guest go on; set while it waits for its turn. */
  resume: (() => void) | undefined;
  /** Unwinds the guest where it was interrupted; set while it waits for its turn after {@link Scheduler.yield}. */
  abandon: ((reason: unknown) => void) | undefined;
  /** Never picked again. */
  removed: boolean;
  /** Called whenever the task stops holding the thread. */
  readonly onPause: () => void;
}

/** What the scheduler needs of the thread it works on. */
export interface SchedulerInit {
  /** Milliseconds, monotonic. */
  now(): number;
  /** CPU time of this thread in microseconds; may lag a few milliseconds behind. */
  cpuMicros(): number;
  /** Calls back after the event loop has looked at its timers, messages and sockets once. */
  afterLoop(callback: () => void): void;
  /** Calls back after `ms` milliseconds. */
  later(callback: () => void, ms: number): void;
  /** Told when a guest begins to run, and when none runs any more. */
  running(runs: boolean): void;
}

/** CPU settings of a container. */
export interface TaskInit {
  readonly cpuRequestMillis?: number;
  readonly cpuLimitMillis?: number;
  /** See {@link Task.onPause}. */
  readonly onPause?: () => void;
}

/**
 * Shares one thread between guests, one slice at a time. At most one task holds the thread: it gets it by
 * {@link Scheduler.turn} and gives it back by {@link Scheduler.release} (it waits, or has ended) or
 * {@link Scheduler.yield} (its slice is over). The event loop comes to its own at least once a slice.
 */
export class Scheduler {
  readonly #init: SchedulerInit;
  readonly #queue = new RunQueue<Task>();
  readonly #throttled = new Set<Task>();
  #current: Task | undefined;
  #since = 0;
  /** {@link SchedulerInit.cpuMicros} when the event loop was left for guests last. */
  #cpuSince = 0;
  /** When the event loop was left for guests last; undefined while no loop pass is asked for. */
  #batchSince: number | undefined;
  #throttleTimer = false;

  constructor(init: SchedulerInit) {
    this.#init = init;
  }

  /** A new task, which holds nothing yet. */
  add(init: TaskInit): Task {
    return {
      vruntime: 0,
      arrival: 0,
      weight: weightOf(init.cpuRequestMillis),
      quota: init.cpuLimitMillis === undefined ? undefined : quotaOf(init.cpuLimitMillis),
      micros: 0,
      resume: undefined,
      abandon: undefined,
      removed: false,
      onPause: init.onPause ?? (() => undefined),
    };
  }

  /** Calls `resume` when the task holds the thread; never, once it was removed. */
  turn(task: Task, resume: () => void): void {
    task.resume = resume;
    this.#enqueue(task, true);
    this.#dispatch();
  }

  /** The task gives the thread back. A task that does not hold it is left alone. */
  release(task: Task): void {
    if (this.#current !== task) return;
    this.#pause();
    this.#dispatch();
    if (this.#current === undefined) this.#init.running(false);
  }

  /** The slice of the task that runs may be over: a promise of its next turn, or undefined when it goes on at once. */
  yield(): Promise<void> | undefined {
    const task = this.#current;
    if (task === undefined) return undefined;
    if (this.#init.now() - this.#since < SLICE_MS / 2 && !this.#batchIsOver()) return undefined;
    this.#pause();
    this.#batchSince ??= this.#askForLoop();
    return new Promise((resolve, reject) => {
      task.resume = resolve;
      task.abandon = reject;
      this.#enqueue(task);
      this.#init.running(false);
    });
  }

  /** The task never gets another turn. One that was interrupted is unwound with `reason`, and sees nothing of it. */
  remove(task: Task, reason: unknown): void {
    task.removed = true;
    task.resume = undefined;
    task.abandon?.(reason);
    task.abandon = undefined;
    this.#throttled.delete(task);
    this.release(task);
  }

  /** Microseconds for which the task has held the thread, up to now. */
  microsOf(task: Task): number {
    return this.#current === task ? task.micros + this.#usedUntil(this.#init.now()) : task.micros;
  }

  #enqueue(task: Task, woken = false): void {
    if (task.removed) return;
    const until = task.quota === undefined ? undefined : throttledUntil(task.quota, this.#init.now());
    if (until === undefined) {
      if (woken) this.#queue.wake(task);
      else this.#queue.push(task);
    } else {
      this.#throttled.add(task);
      this.#wakeThrottled();
    }
  }

  /** Quota periods are the same for all, so one timer to the next period serves every throttled task. */
  #wakeThrottled(): void {
    if (this.#throttleTimer || this.#throttled.size === 0) return;
    this.#throttleTimer = true;
    const now = this.#init.now();
    const next = (Math.floor(now / QUOTA_PERIOD_MS) + 1) * QUOTA_PERIOD_MS;
    this.#init.later(() => {
      this.#throttleTimer = false;
      const waiting = [...this.#throttled];
      this.#throttled.clear();
      for (const task of waiting) this.#enqueue(task);
      this.#dispatch();
    }, next - now);
  }

  #dispatch(): void {
    if (this.#current !== undefined || this.#batchIsOver()) return;
    for (let task = this.#queue.pickNext(); task !== undefined; task = this.#queue.pickNext()) {
      if (task.removed || task.resume === undefined) continue;
      this.#batchSince ??= this.#askForLoop();
      this.#current = task;
      this.#since = this.#init.now();
      this.#init.running(true);
      void SETTLED.then(this.#resume);
      return;
    }
  }

  /** Lets the task go on that holds the thread: not beneath whatever gave the thread to it, which may be another guest. */
  readonly #resume = (): void => {
    const task = this.#current;
    const resume = task?.resume;
    if (task === undefined || resume === undefined) return;
    task.resume = undefined;
    task.abandon = undefined;
    resume();
  };

  #batchIsOver(): boolean {
    return this.#batchSince !== undefined && this.#init.now() - this.#batchSince >= SLICE_MS;
  }

  #askForLoop(): number {
    this.#cpuSince = this.#init.cpuMicros();
    this.#init.afterLoop(this.#looped);
    return this.#init.now();
  }

  readonly #looped = (): void => {
    this.#batchSince = undefined;
    this.#dispatch();
  };

  /**
   * What the task that holds the thread has used since it got it: the time that passed, which is finer than the
   * kernel's count. Only where that is long beyond a slice, the machine may have given the thread to others.
   */
  #usedUntil(now: number): number {
    const passed = Math.max(0, (now - this.#since) * 1000);
    if (passed <= 2_000 * SLICE_MS) return passed;
    return Math.min(passed, Math.max(2_000 * SLICE_MS, this.#init.cpuMicros() - this.#cpuSince));
  }

  #pause(): void {
    const task = this.#current;
    if (task === undefined) return;
    this.#current = undefined;
    const now = this.#init.now();
    const micros = this.#usedUntil(now);
    task.micros += micros;
    task.vruntime += Math.min(micros, TURN_MICROS) / task.weight;
    this.#queue.ran(task);
    if (task.quota !== undefined) task.quota = chargeQuota(task.quota, now, micros);
    task.onPause();
  }
}
