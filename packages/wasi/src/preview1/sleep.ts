import { ERRNO, fail } from "../errno.ts";
import type { Answer } from "../face.ts";
import type { Guest } from "../guest.ts";
import type { Layout } from "./layout.ts";
import type { Wait } from "../wait.ts";
import { CLOCK, timeOf } from "./clocks.ts";

/** `eventtype` of clocks. */
export const CLOCK_EVENT = 0;
/** `subclockflags`: the time is one on the clock, not one from now on. */
const ABSTIME = 1;
/** Bytes of an `event`. */
export const EVENT_BYTES = 32;
const MILLISECOND = 1_000_000;

/** A clock of the subscriptions of one `poll_oneoff`. */
export interface ClockWait {
  readonly userdata: bigint;
  readonly clock: number;
  readonly deadline: bigint;
}

/** The clock that a guest waits for with the subscription at an address. Ends the import for one that nobody can wait for. */
export function clockWaitOf(guest: Guest, layout: Layout, at: number): ClockWait {
  const { view } = guest.memory;
  const clock = clockOf(guest, layout, at);
  const deadline = deadlineOf(guest, layout, at, timeOf(guest, clock));
  return { userdata: view.getBigUint64(at, true), clock, deadline };
}

function clockOf(guest: Guest, { subscription }: Layout, at: number): number {
  const clock = guest.memory.view.getUint32(at + subscription.clock, true);
  if (clock > CLOCK.MONOTONIC) fail(clock > CLOCK.THREAD_CPUTIME ? ERRNO.INVAL : ERRNO.NOTSUP);
  return clock;
}

function deadlineOf(guest: Guest, { subscription }: Layout, at: number, now: bigint): bigint {
  const { view } = guest.memory;
  const time = view.getBigUint64(at + subscription.timeout, true);
  return (view.getUint16(at + subscription.clockFlags, true) & ABSTIME) === 0 ? now + time : time;
}

/** Whole milliseconds from `now` until the deadline, rounded up; 0 when it is there. */
export function millisecondsUntil(deadline: bigint, now: bigint): number {
  return now >= deadline ? 0 : Math.ceil(Number(deadline - now) / MILLISECOND);
}

/**
 * A wait for one clock and nothing else, as `sleep` does it. One for each guest, used again and again, because thousands
 * of sleeping guests share a heap, and each collection of its garbage looks at all of their stacks.
 */
export class Sleep implements Wait {
  readonly #guest: Guest;
  #clock: number = CLOCK.MONOTONIC;
  #deadline = 0n;
  #userdata = 0n;
  /** Milliseconds. */
  #left = 0;
  #event = 0;
  #result = 0;
  #timer: Disposable | undefined;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** Suspends the guest as the subscription at an address says; then writes the event, and that it is one. */
  by(layout: Layout, subscription: number, event: number, result: number): Answer {
    const guest = this.#guest;
    this.#clock = clockOf(guest, layout, subscription);
    this.#userdata = guest.memory.view.getBigUint64(subscription, true);
    this.#event = event >>> 0;
    this.#result = result;
    const now = timeOf(guest, this.#clock);
    this.#deadline = deadlineOf(guest, layout, subscription, now);
    this.#left = millisecondsUntil(this.#deadline, now);
    // A timeout that is over already: the guest looks whether something is there, and will again, so let it come.
    return this.#left === 0 ? guest.yield(() => this.answer()) : guest.suspendFor(this);
  }

  arm(): void {
    this.#timer = this.#guest.clock.timer(this.#left, this.#look);
  }

  disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  answer(): number {
    const { view } = this.#guest.memory;
    view.setBigUint64(this.#event, this.#userdata, true);
    view.setBigUint64(this.#event + 8, 0n, true);
    view.setUint8(this.#event + 10, CLOCK_EVENT);
    view.setBigUint64(this.#event + 16, 0n, true);
    view.setBigUint64(this.#event + 24, 0n, true);
    this.#guest.memory.setU32(this.#result, 1);
    return ERRNO.SUCCESS;
  }

  // A timer that is early, as timers may be, is set again without waking the guest.
  readonly #look = (): void => {
    this.#left = millisecondsUntil(this.#deadline, timeOf(this.#guest, this.#clock));
    if (this.#left === 0) this.#guest.wake(this);
    else this.arm();
  };
}
