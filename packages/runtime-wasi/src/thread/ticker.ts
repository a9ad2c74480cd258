import { parentPort, receiveMessageOnPort } from "node:worker_threads";

/** Milliseconds between two ticks, which is how long a guest runs before it is asked to make room. */
export const SLICE_MS = 1;
/** Threads that one ticker serves. */
export const TICKER_SLOTS = 4_095;

const BELL = 0;
const NAP = TICKER_SLOTS + 1;

/** What the ticker thread gets as `workerData`. */
export interface TickerData {
  readonly role: "ticker";
  /** See {@link createTickerControl}. */
  readonly control: SharedArrayBuffer;
}

/** Tells the ticker thread of a thread's flag. */
export interface TickerSlot {
  readonly slot: number;
  /** Absent: the slot is free again. */
  readonly epoch?: SharedArrayBuffer;
}

/** The memory that threads and their ticker share: a bell, one "a guest runs here" mark a slot, and a cell to nap on. */
export function createTickerControl(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * (TICKER_SLOTS + 2));
}

/** Wakes a ticker that sleeps; a call that costs two atomic operations when it does not. */
export function ringTicker(control: Int32Array<SharedArrayBuffer>): void {
  if (Atomics.exchange(control, BELL, 0) === 1) Atomics.notify(control, BELL);
}

/** Marks whether a guest runs on the thread of `slot`. */
export function markRunning(control: Int32Array<SharedArrayBuffer>, slot: number, running: boolean): void {
  Atomics.store(control, slot + 1, running ? 1 : 0);
}

/**
 * The ticker thread: sets the epoch flag of every thread on which a guest runs, once a slice, and sleeps without
 * any wake-up while no guest runs anywhere. Never returns; the thread is terminated.
 */
export function runTicker(data: TickerData): never {
  const control = new Int32Array(data.control);
  const flags = new Map<number, Int32Array>();
  const anyRuns = (): boolean => [...flags.keys()].some((slot) => Atomics.load(control, slot + 1) !== 0);
  let quiet = 0;
  for (;;) {
    receiveSlots(flags);
    quiet = anyRuns() ? 0 : quiet + 1;
    if (quiet > 2) {
      // The bell is set before the second look, and a thread marks itself before it rings: one of them sees the other.
      Atomics.store(control, BELL, 1);
      if (!anyRuns()) Atomics.wait(control, BELL, 1);
      Atomics.store(control, BELL, 0);
      quiet = 0;
      receiveSlots(flags);
    }
    Atomics.wait(control, NAP, 0, SLICE_MS);
    for (const [slot, flag] of flags) if (Atomics.load(control, slot + 1) !== 0) Atomics.store(flag, 0, 1);
  }
}

function receiveSlots(flags: Map<number, Int32Array>): void {
  if (parentPort === null) return;
  let received = receiveMessageOnPort(parentPort);
  while (received !== undefined) {
    const { slot, epoch } = received.message as TickerSlot;
    if (epoch === undefined) flags.delete(slot);
    else flags.set(slot, new Int32Array(epoch));
    received = receiveMessageOnPort(parentPort);
  }
}
