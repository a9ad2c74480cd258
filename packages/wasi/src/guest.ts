import { randomFillSync } from "node:crypto";

import { DescriptorTable } from "./descriptor-table.ts";
import { SourceReader } from "./descriptors/stream-descriptors.ts";
import { SignalQueue } from "./descriptors/device-descriptors.ts";
import { errnoOf, errnoOfFailure } from "./errno.ts";
import type { Answer } from "./face.ts";
import { GuestMemory } from "./guest-memory.ts";
import type { Gate, WasiClock, WasiExit, WasiInit } from "./init.ts";
import { openKernel } from "./kernel/open-kernel.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { Sleep } from "./preview1/sleep.ts";
import type { ByteSource } from "./streams.ts";
import { systemClock } from "./system-clock.ts";
import { unwindError } from "./unwind.ts";
import type { Wait } from "./wait.ts";

const EMPTY: ByteSource = { read: () => new Uint8Array() };

// A trap's backtrace has as many; the engine's default of 10 often ends before `main`.
const MAX_FRAMES = 32;
/** In a millisecond. */
const NANOSECONDS = 1_000_000;

/** The state of one guest that its imports work on. */
export class Guest {
  readonly init: WasiInit;
  readonly memory: GuestMemory = new GuestMemory();
  readonly descriptors: DescriptorTable;
  readonly clock: WasiClock;
  readonly signals: SignalQueue;
  ended: WasiExit | undefined;
  readonly #gate: Gate | undefined;
  #onEnd: readonly ((exit: WasiExit) => void)[] = [];
  #stdin: SourceReader | undefined;
  #sleep: Sleep | undefined;
  /** What the guest is suspended for. */
  #wait: Wait | undefined;
  /** It is there, and the guest waits for its turn. */
  #woken = false;
  #resolve: ((answer: Answer) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #inside = false;
  #frames = 0;
  // Milliseconds, and no BigInts, each of which is an object.
  #since = 0;
  #spent = 0;

  constructor(init: WasiInit) {
    this.init = init;
    this.descriptors = new DescriptorTable(init.maxDescriptors ?? 1024);
    this.clock = init.clock ?? systemClock;
    this.signals = new SignalQueue(init.onSignalReaders);
    this.#gate = init.gate;
  }

  /** The file system calls; loaded at the first use. */
  readonly kernel = (): Kernel => openKernel(this.init.kernel);

  /** What is read by descriptor 0 and by `/dev/stdin` alike. */
  get stdin(): SourceReader {
    return (this.#stdin ??= new SourceReader(this.init.stdin ?? EMPTY));
  }

  /** The guest's one sleep: it cannot have begun a second one before the first is over. */
  get sleep(): Sleep {
    return (this.#sleep ??= new Sleep(this));
  }

  random(bytes: Uint8Array): void {
    if (this.init.random === undefined) randomFillSync(bytes);
    else this.init.random(bytes);
  }

  /** Nanoseconds that guest code has run. */
  get cpuTime(): bigint {
    const running = this.#inside ? performance.now() - this.#since : 0;
    return BigInt(Math.round((this.#spent + running) * NANOSECONDS));
  }

  /** Guest code begins to run. */
  enter(): void {
    this.#inside = true;
    this.#frames = Error.stackTraceLimit;
    Error.stackTraceLimit = MAX_FRAMES;
    this.#since = performance.now();
    this.#gate?.enter();
  }

  /** Guest code has stopped running. */
  leave(): void {
    if (!this.#inside) return;
    this.#inside = false;
    Error.stackTraceLimit = this.#frames;
    this.#spent += performance.now() - this.#since;
    this.#gate?.leave();
  }

  /** Throws what unwinds the guest when it has ended. */
  requireAlive(): void {
    if (this.ended !== undefined) throw unwindError();
  }

  /** Suspends the guest until {@link Guest.wake} is called for `wait`; its answer is the import's result. */
  suspendFor(wait: Wait): Promise<number> {
    const promise = new Promise<number>(this.#hold);
    this.#wait = wait;
    this.leave();
    wait.arm();
    return promise;
  }

  /** What the guest waits for is there; when it is the guest's turn, it goes on. Any other wait is over already. */
  wake(wait: Wait): void {
    if (this.#wait !== wait || this.#woken || this.ended !== undefined) return;
    this.#woken = true;
    wait.disarm();
    if (this.#gate === undefined) this.#goOn();
    else this.#gate.turn(this.#goOn);
  }

  /**
   * Suspends the guest until `wake` is called; then, when it is the guest's turn, `answer` makes the import's result.
   * `arm` begins the waiting and returns how to stop it.
   */
  suspend(arm: (wake: () => void) => () => void, answer: () => Answer): Promise<number> {
    let stop: (() => void) | undefined;
    let over = false;
    const wait: Wait = {
      arm: () => {
        stop = arm(() => this.wake(wait));
        // Woken before there was anything to stop.
        if (over) stop();
      },
      disarm: () => {
        over = true;
        stop?.();
      },
      answer,
    };
    return this.suspendFor(wait);
  }

  /** Suspends the guest until `promise` settles. */
  waitFor<T>(promise: Promise<T>, answer: (value: T) => Answer): Promise<number> {
    let outcome: () => Answer;
    return this.suspend(
      (wake) => {
        const settled = (next: () => Answer): void => {
          outcome = next;
          wake();
        };
        promise.then(
          (value) => settled(() => answer(value)),
          (error: unknown) => settled(() => errnoOf(error)),
        );
        return () => {};
      },
      () => outcome(),
    );
  }

  /** Suspends the guest until the event loop has turned, so that what it spins for can happen. */
  yield(answer: () => Answer): Promise<number> {
    return this.suspend((wake) => {
      const immediate = setImmediate(wake);
      return () => clearImmediate(immediate);
    }, answer);
  }

  onEnd(listener: (exit: WasiExit) => void): void {
    // As a rule there is one; a list that grows has room for seventeen.
    this.#onEnd = this.#onEnd.length === 0 ? [listener] : [...this.#onEnd, listener];
  }

  /** The guest has ended: nothing of it is left when this returns. Only the first end counts. */
  end(exit: WasiExit): void {
    if (this.ended !== undefined) return;
    this.ended = exit;
    this.leave();
    this.#abandon();
    this.descriptors.closeAll();
    for (const listener of this.#onEnd) listener(exit);
    this.#onEnd = [];
  }

  // Made once, as a guest's stack is in one place at a time.
  readonly #hold = (resolve: (answer: Answer) => void, reject: (reason: unknown) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  readonly #goOn = (): void => {
    const wait = this.#wait;
    if (wait === undefined || !this.#woken || this.ended !== undefined) return;
    this.#wait = undefined;
    this.#woken = false;
    // The answer may be to wait again.
    const resolve = this.#resolve;
    const reject = this.#reject;
    this.enter();
    try {
      resolve?.(this.#answerOf(wait));
    } catch (error) {
      reject?.(error);
    }
  };

  #answerOf(wait: Wait): Answer {
    let answer: Answer;
    try {
      answer = wait.answer();
    } catch (error) {
      answer = errnoOfFailure(error);
    }
    // The import ended the guest, or somebody did meanwhile: it gets no answer.
    this.requireAlive();
    return answer;
  }

  /** Drops what the guest waits for and unwinds it. */
  #abandon(): void {
    const wait = this.#wait;
    if (wait === undefined) return;
    this.#wait = undefined;
    if (!this.#woken) wait.disarm();
    this.#reject?.(unwindError());
  }
}
