import { join } from "node:path";

import { pathSegmentOf } from "@krustlet/cri-log";
import type { PodKey } from "@krustlet/interface";

/** `<root>/pods/<uid>/containers`: one termination message file for each start. */
export function containersDirOf(rootDir: string, pod: PodKey): string {
  return join(rootDir, "pods", pathSegmentOf(pod.uid), "containers");
}

/** The host path of one start's termination message. */
export function terminationPathOf(rootDir: string, pod: PodKey, container: string, attempt: number): string {
  return join(containersDirOf(rootDir, pod), pathSegmentOf(container), `${attempt}-termination-log`);
}
