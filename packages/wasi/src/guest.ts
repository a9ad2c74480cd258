import { randomFillSync } from "node:crypto";

import { DescriptorTable } from "./descriptor-table.ts";
import { SourceReader } from "./descriptors/stream-descriptors.ts";
import { SignalQueue } from "./descriptors/device-descriptors.ts";
import { errnoOf, ERRNO } from "./errno.ts";
import type { Answer } from "./face.ts";
import { GuestMemory } from "./guest-memory.ts";
import type { Gate, WasiClock, WasiExit, WasiInit } from "./init.ts";
import { openKernel } from "./kernel/open-kernel.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { ByteSource } from "./streams.ts";
import { systemClock } from "./system-clock.ts";
import { unwindError } from "./unwind.ts";

const EMPTY: ByteSource = { read: () => new Uint8Array() };

// A trap's backtrace has as many; the engine's default of 10 often ends before `main`.
const MAX_FRAMES = 32;

/** The state of one guest that its imports work on. */
export class Guest {
  readonly init: WasiInit;
  readonly memory: GuestMemory = new GuestMemory();
  readonly descriptors: DescriptorTable;
  readonly clock: WasiClock;
  readonly signals: SignalQueue;
  ended: WasiExit | undefined;
  readonly #gate: Gate | undefined;
  readonly #onEnd: ((exit: WasiExit) => void)[] = [];
  #stdin: SourceReader | undefined;
  // Drops what the guest waits for and unwinds it.
  #abandon: (() => void) | undefined;
  #inside = false;
  #since = 0n;
  #frames = 0;
  #spent = 0n;

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

  random(bytes: Uint8Array): void {
    if (this.init.random === undefined) randomFillSync(bytes);
    else this.init.random(bytes);
  }

  /** Nanoseconds that guest code has run. */
  get cpuTime(): bigint {
    return this.#spent + (this.#inside ? process.hrtime.bigint() - this.#since : 0n);
  }

  /** Guest code begins to run. */
  enter(): void {
    this.#inside = true;
    this.#frames = Error.stackTraceLimit;
    Error.stackTraceLimit = MAX_FRAMES;
    this.#since = process.hrtime.bigint();
    this.#gate?.enter();
  }

  /** Guest code has stopped running. */
  leave(): void {
    if (!this.#inside) return;
    this.#inside = false;
    Error.stackTraceLimit = this.#frames;
    this.#spent += process.hrtime.bigint() - this.#since;
    this.#gate?.leave();
  }

  /**
   * Suspends the guest until `wake` is called; then, when it is the guest's turn, `answer` makes the import's result.
   * `arm` begins the waiting and returns how to stop it.
   */
  suspend(arm: (wake: () => void) => () => void, answer: () => Answer): Promise<number> {
    return new Promise((resolve, reject) => {
      let woken = false;
      let disarm: (() => void) | undefined;
      const resume = (): void => {
        if (this.ended !== undefined) return;
        this.#abandon = undefined;
        this.enter();
        try {
          resolve(this.answered(answer));
        } catch (error) {
          reject(error);
        }
      };
      const wake = (): void => {
        if (woken || this.ended !== undefined) return;
        woken = true;
        disarm?.();
        const turn = this.#gate?.turn();
        if (turn === undefined) resume();
        else turn.then(resume, resume);
      };
      this.#abandon = () => {
        if (!woken) disarm?.();
        reject(unwindError());
      };
      this.leave();
      disarm = arm(wake);
      if (woken) disarm();
    });
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

  /** What an import function answers; whatever it throws becomes an errno. Throws when the guest has ended. */
  answered(answer: () => Answer): Answer {
    let result: Answer;
    try {
      result = answer();
    } catch (error) {
      result = error instanceof RangeError ? ERRNO.FAULT : errnoOf(error);
    }
    // The import ended the guest, or somebody did meanwhile: it gets no answer.
    if (this.ended !== undefined) throw unwindError();
    return result;
  }

  onEnd(listener: (exit: WasiExit) => void): void {
    this.#onEnd.push(listener);
  }

  /** The guest has ended: nothing of it is left when this returns. Only the first end counts. */
  end(exit: WasiExit): void {
    if (this.ended !== undefined) return;
    this.ended = exit;
    this.leave();
    this.#abandon?.();
    this.#abandon = undefined;
    this.descriptors.closeAll();
    for (const listener of this.#onEnd.splice(0)) listener(exit);
  }
}
