import type { WasiClock } from "./init.ts";

const MILLISECOND = 1_000_000n;
// What the monotonic clock's time is added to, in nanoseconds and in milliseconds.
let offset = 0n;
let offsetMs = Number.NaN;

/** The host's clocks: nanoseconds of wall time from a millisecond clock, by what the monotonic one adds. */
export const systemClock: WasiClock = {
  realtime() {
    // Numbers, not BigInts, which are objects: a waiting guest asks often, and garbage is a pause for all of them.
    const ahead = performance.now() + offsetMs - Date.now();
    // Somebody set the clock, or this is the first time.
    if (!(ahead >= -1 && ahead <= 2)) {
      const wall = Date.now();
      offset = BigInt(wall) * MILLISECOND - process.hrtime.bigint();
      offsetMs = wall - performance.now();
    }
    return process.hrtime.bigint() + offset;
  },
  monotonic: () => process.hrtime.bigint(),
  timer(milliseconds, wake) {
    const timer = setTimeout(wake, Math.min(milliseconds, 2_147_483_647));
    return () => clearTimeout(timer);
  },
};
