import { appendFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { criLogLineOf, rotatedLogPathOf } from "@krustlet/cri-log";

/** One entry of a log, as a test has it. */
export interface TestEntry {
  readonly text: string;
  readonly stream?: "stdout" | "stderr";
  readonly partial?: boolean;
  readonly time?: Date;
}

const LOG_TIME: Date = new Date("2026-02-03T04:05:06.789Z");

/** The bytes of entries in a log file. */
function criBytesOf(entries: readonly TestEntry[]): Buffer {
  return Buffer.concat(
    entries.map(({ text, stream = "stdout", partial = false, time = LOG_TIME }) =>
      criLogLineOf(time, stream, { text: Buffer.from(text), partial }),
    ),
  );
}

/** Appends to a log as a container does. */
export async function appendLog(path: string, ...entries: readonly (TestEntry | string)[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await appendFile(
    path,
    criBytesOf(entries.map((each) => (typeof each === "string" ? { text: each } : each))),
  );
}

/** Rotates a log step by step as the kubelet does; between the steps `meanwhile` runs. */
export async function rotateLog(
  path: string,
  maxFiles: number,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  await rm(rotatedLogPathOf(path, maxFiles - 1), { force: true });
  for (let age = maxFiles - 2; age >= 0; age -= 1) {
    await meanwhile();
    await rename(rotatedLogPathOf(path, age), rotatedLogPathOf(path, age + 1)).catch(() => undefined);
  }
  await meanwhile();
  await appendFile(path, "");
}
