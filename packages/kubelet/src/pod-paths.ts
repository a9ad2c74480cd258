import { join } from "node:path";

import type { PodKey } from "@krustlet/interface";

/** `<root>/pods/<uid>/containers`: one termination message file for each start. */
export function containersDirOf(rootDir: string, pod: PodKey): string {
  return join(rootDir, "pods", segmentOf(pod.uid), "containers");
}

/** `<root>/logs/pods/<namespace>_<name>_<uid>`: where `kubectl logs` looks, as in `/var/log/pods`. */
export function logDirOf(rootDir: string, pod: PodKey): string {
  return join(rootDir, "logs", "pods", segmentOf(`${pod.namespace}_${pod.name}_${pod.uid}`));
}

/** `<log directory>/<container>/<restart>.log`. */
export function logPathOf(rootDir: string, pod: PodKey, container: string, restart: number): string {
  return join(logDirOf(rootDir, pod), segmentOf(container), `${restart}.log`);
}

/** The host path of one start's termination message. */
export function terminationPathOf(rootDir: string, pod: PodKey, container: string, attempt: number): string {
  return join(containersDirOf(rootDir, pod), segmentOf(container), `${attempt}-termination-log`);
}

/** One component of a path, whatever an unchecked name may hold. */
function segmentOf(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/gu, "-");
  return safe === "" || safe === "." || safe === ".." ? "-" : safe;
}
