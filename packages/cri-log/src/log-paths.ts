import { join } from "node:path";

import type { PodKey } from "@krustlet/interface";

/** Bytes that a file system takes for one name. */
const LONGEST_SEGMENT = 255;

/**
 * `<root>/logs/pods/<namespace>_<name>_<uid>`: where `kubectl logs` looks, as in `/var/log/pods`. A pod's name may be as
 * long as what a file system takes for all three; of such a one the beginning stands there.
 */
export function logDirOf(rootDir: string, { namespace, name, uid }: PodKey): string {
  const room = Math.max(0, LONGEST_SEGMENT - namespace.length - uid.length - 2);
  return join(rootDir, "logs", "pods", pathSegmentOf(`${namespace}_${name.slice(0, room)}_${uid}`));
}

/** `<log directory>/<container>/<restart>.log`: the current file of one start of a container. */
export function logPathOf(rootDir: string, pod: PodKey, container: string, restart: number): string {
  return join(logDirOf(rootDir, pod), pathSegmentOf(container), `${restart}.log`);
}

/** The file that was rotated away `age` rotations ago; 0 is the current one. */
export function rotatedLogPathOf(path: string, age: number): string {
  return age === 0 ? path : `${path}.${age}`;
}

/** One component of a path, whatever an unchecked name may hold. */
export function pathSegmentOf(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/gu, "-");
  return safe === "" || safe === "." || safe === ".." ? "-" : safe;
}
