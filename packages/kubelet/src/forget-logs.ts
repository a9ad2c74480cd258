import { logPathOf, rotatedLogPathOf } from "@krustlet/cri-log";
import { rm } from "node:fs/promises";

import type { PodContext } from "./pod-context.ts";

/** Runs of a container whose logs are kept, the current one included, as the kubelet keeps them. */
const KEPT_RUNS = 2;
const MOST_FILES = 5;

/** Removes the log of the run that is too old now that run `restartCount` begins. Never rejects. */
export async function forgetLogs(
  { kubelet, key }: PodContext,
  container: string,
  restartCount: number,
): Promise<void> {
  if (restartCount < KEPT_RUNS) return;
  const path = logPathOf(kubelet.rootDir, key, container, restartCount - KEPT_RUNS);
  const files = Array.from({ length: kubelet.logs?.maxFiles ?? MOST_FILES }, (_, age) =>
    rotatedLogPathOf(path, age),
  );
  // What cannot be removed now goes with the pod.
  await Promise.allSettled(files.map((file) => rm(file, { force: true })));
}
