import type { WasiClock } from "./init.ts";
import { TimerQueue } from "./timer-queue.ts";

const MILLISECOND = 1_000_000n;
/** Nanoseconds after which a clock that somebody has set is noticed. */
const LOOK_NS = 20n * MILLISECOND;
// What the monotonic clock's time is added to.
let offset = 0n;
let nextLook = 0n;

const timers = new TimerQueue();

/** The host's clocks: nanoseconds of wall time from a millisecond clock, by what the monotonic one adds. */
export const systemClock: WasiClock = {
  realtime() {
    const now = process.hrtime.bigint();
    // Not each time: a waiting guest asks often, and garbage, such as BigInts are, is a pause for all of them.
    if (now >= nextLook) look(now);
    return now + offset;
  },
  monotonic: () => process.hrtime.bigint(),
  timer: (milliseconds, wake) => timers.add(milliseconds, wake),
};

function look(now: bigint): void {
  nextLook = now + LOOK_NS;
  const wall = BigInt(Date.now()) * MILLISECOND;
  const ahead = now + offset - wall;
  // Somebody has set the clock, or this is the first time. What comes in between here is put right at the next look.
  if (ahead < -MILLISECOND || ahead > 2n * MILLISECOND) offset = wall - now;
}
