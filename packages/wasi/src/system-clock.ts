import type { WasiClock } from "./init.ts";

const MILLISECOND = 1_000_000n;
let offset = 0n;

/** The host's clocks: nanoseconds of wall time from a millisecond clock, by what the monotonic one adds. */
export const systemClock: WasiClock = {
  realtime() {
    const now = process.hrtime.bigint() + offset;
    const wall = BigInt(Date.now()) * MILLISECOND;
    // Somebody set the clock, or this is the first time.
    if (now < wall - MILLISECOND || now > wall + 2n * MILLISECOND) {
      offset += wall - now;
      return wall;
    }
    return now;
  },
  monotonic: () => process.hrtime.bigint(),
  timer(milliseconds, wake) {
    const timer = setTimeout(wake, Math.min(milliseconds, 2_147_483_647));
    return () => clearTimeout(timer);
  },
};
