import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { launcherFlags } from "./launcher-flags.ts";

/** What a process of sleeping containers found. */
export interface SleepersFound {
  readonly count: number;
  /** Milliseconds until all of them had written their first line. */
  readonly startMs: number;
  /** Bytes of resident memory that each of them added. */
  readonly rssEach: number;
  /** CPU time by wall time of the whole process, while all of them slept. */
  readonly cpuShare: number;
  /** By how many milliseconds each of them woke late. */
  readonly lateness: readonly number[];
}

/** Runs `count` sleeping containers in a fresh process. */
export async function measureSleepers(count: number): Promise<SleepersFound> {
  const script = join(import.meta.dirname, "sleepers.ts");
  const flags = [...launcherFlags(), "--conditions=@krustlet/source", "--expose-gc"];
  const args = [...flags, script, String(count)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as SleepersFound;
}
