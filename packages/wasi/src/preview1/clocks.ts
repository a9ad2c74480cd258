import { ERRNO, fail } from "../errno.ts";
import type { Face } from "../face.ts";
import type { Guest } from "../guest.ts";

/** WASI `clockid`. */
export const CLOCK = { REALTIME: 0, MONOTONIC: 1, PROCESS_CPUTIME: 2, THREAD_CPUTIME: 3 } as const;

/** What a clock of the guest shows now, in nanoseconds. A guest is one process of one thread. */
export function timeOf(guest: Guest, clock: number): bigint {
  switch (clock) {
    case CLOCK.REALTIME:
      return guest.clock.realtime();
    case CLOCK.MONOTONIC:
      return guest.clock.monotonic();
    case CLOCK.PROCESS_CPUTIME:
    case CLOCK.THREAD_CPUTIME:
      return guest.cpuTime;
    default:
      return fail(ERRNO.INVAL);
  }
}

/** `clock_*`. */
export const clocksFace: Face = {
  quick: {
    clock_res_get(guest, clock: number, result: number) {
      timeOf(guest, clock);
      guest.memory.setU64(result, clock === CLOCK.REALTIME ? 1000n : 1n);
      return ERRNO.SUCCESS;
    },
    clock_time_get(guest, clock: number, _precision: bigint, result: number) {
      guest.memory.setU64(result, timeOf(guest, clock));
      return ERRNO.SUCCESS;
    },
  },
  waiting: {},
};
