import { after, earlier } from "./time.ts";

const BASE_MS = 10_000;
const CAP_MS = 300_000;
/** A container that ran for longer than this starts again with a clean record. */
const FORGET_MS = 600_000;

/** How long to wait after so many failed pulls in a row: 10 s, doubling to 300 s. */
export function pullDelayMs(failures: number): number {
  return Math.min(CAP_MS, BASE_MS * 2 ** Math.max(0, failures - 1));
}

/** How long to wait before mounting or unmounting again: half a second, doubling to two minutes. */
export function mountDelayMs(failures: number): number {
  return Math.min(122_000, 500 * 2 ** Math.max(0, failures - 1));
}

/** A container's record of crashes: what the next one has to wait, and when its current run was begun. */
export interface CrashRecord {
  readonly delayMs: number;
  readonly since: Date;
}

/**
 * When a container that ended at `finishedAt` may run again: at once after the first crash and after a run of more
 * than ten minutes, else so long after it finished. Never later than that after `now`: the clock may have been set back.
 */
export function restartTimeOf(crash: CrashRecord | undefined, finishedAt: Date, now: Date): Date {
  const known = remembered(crash, finishedAt);
  return after(earlier(finishedAt, now), known?.delayMs ?? 0);
}

/** The record with which the next run begins at `at`: 10 s, doubling to `longestMs`, which may be less than that. */
export function nextCrashRecord(
  crash: CrashRecord | undefined,
  finishedAt: Date,
  at: Date,
  longestMs: number = CAP_MS,
): CrashRecord {
  const known = remembered(crash, finishedAt);
  const delayMs = known === undefined ? BASE_MS : known.delayMs * 2;
  return { delayMs: Math.min(longestMs, delayMs), since: at };
}

/** A record that an earlier process has kept, which may have been allowed longer waits. */
export function cappedCrashRecord(
  crash: CrashRecord | undefined,
  longestMs: number = CAP_MS,
): CrashRecord | undefined {
  return crash && { ...crash, delayMs: Math.min(longestMs, crash.delayMs) };
}

function remembered(crash: CrashRecord | undefined, finishedAt: Date): CrashRecord | undefined {
  if (crash === undefined || finishedAt.getTime() - crash.since.getTime() > FORGET_MS) return undefined;
  return crash;
}
