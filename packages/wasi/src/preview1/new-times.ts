import { ERRNO, fail } from "../errno.ts";
import type { NewTime } from "../kernel/kernel.ts";

const ATIM = 1;
const ATIM_NOW = 2;
const MTIM = 4;
const MTIM_NOW = 8;

function timeOf(time: bigint, set: boolean, now: boolean): NewTime {
  if (set && now) return fail(ERRNO.INVAL);
  return now ? "now" : set ? BigInt.asUintN(64, time) : "omit";
}

/** What `fstflags` say about the two times. */
export function newTimesOf(atime: bigint, mtime: bigint, flags: number): { atime: NewTime; mtime: NewTime } {
  if ((flags & ~15) !== 0) fail(ERRNO.INVAL);
  return {
    atime: timeOf(atime, (flags & ATIM) !== 0, (flags & ATIM_NOW) !== 0),
    mtime: timeOf(mtime, (flags & MTIM) !== 0, (flags & MTIM_NOW) !== 0),
  };
}
