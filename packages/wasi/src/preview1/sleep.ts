import { ERRNO, fail } from "../errno.ts";
import type { Answer } from "../face.ts";
import type { Guest } from "../guest.ts";
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

/** What the guest waits for on one of its clocks. Ends the import for a clock that nobody can wait for. */
export function clockWaitOf(
  guest: Guest,
  wish: { readonly userdata: bigint; readonly clock: number; readonly time: bigint; readonly flags: number },
): ClockWait {
  const { userdata, clock, time, flags } = wish;
  if (clock > CLOCK.MONOTONIC) fail(clock > CLOCK.THREAD_CPUTIME ? ERRNO.INVAL : ERRNO.NOTSUP);
  return { userdata, clock, deadline: (flags & ABSTIME) === 0 ? timeOf(guest, clock) + time : time };
}

/** Whole milliseconds until the deadline, rounded up; 0 when it is there. */
export function millisecondsUntil(guest: Guest, { clock, deadline }: ClockWait): number {
  return Math.max(0, Math.ceil(Number(deadline - timeOf(guest, clock)) / MILLISECOND));
}

/**
 * Waits for one clock and nothing else, as `sleep` does it: with no lists, because thousands of sleeping guests share
 * a heap, and each collection of its garbage looks at all of their stacks.
 */
export function sleep(guest: Guest, wait: ClockWait, event: number, result: number): Answer {
  const answer = (): Answer => {
    const { view } = guest.memory;
    const at = event >>> 0;
    view.setBigUint64(at, wait.userdata, true);
    view.setBigUint64(at + 8, 0n, true);
    view.setUint8(at + 10, CLOCK_EVENT);
    view.setBigUint64(at + 16, 0n, true);
    view.setBigUint64(at + 24, 0n, true);
    guest.memory.setU32(result, 1);
    return ERRNO.SUCCESS;
  };
  const left = millisecondsUntil(guest, wait);
  // A timeout that is over already: the guest looks whether something is there, and will again, so let it come.
  return left === 0 ? guest.yield(answer) : guest.suspend((wake) => at(guest, wait, left, wake), answer);
}

/** Wakes at the deadline. A timer that is early, as timers may be, is set again without waking the guest. */
function at(guest: Guest, wait: ClockWait, left: number, wake: () => void): () => void {
  let cancel = guest.clock.timer(left, look);
  function look(): void {
    const more = millisecondsUntil(guest, wait);
    if (more === 0) wake();
    else cancel = guest.clock.timer(more, look);
  }
  return () => cancel();
}
