import { readdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { memoryDirectoryOf } from "./memory-directory.ts";
import { hasEnded, NODE_MARK } from "./owner-mark.ts";
import { memoryParentOf } from "./plugins/empty-dir-volume.ts";
import { uidOf } from "./pod-text.ts";
import { removeTree } from "./remove-tree.ts";
import { volumeError } from "./volume-error.ts";

const OWNER = ".owner";

/** Where it is noted whose the directory of a Pod is: beside it, so that it is there until the last file has gone. */
export function ownerPathOf(podDirectory: string): string {
  return `${podDirectory}${OWNER}`;
}

/** Where the Pods are whose volumes are to be removed. */
export interface LeftoverPods {
  readonly rootDirectory: string;
  /** As the mounter has it. */
  readonly memoryDirectory?: string | false;
}

/**
 * Removes the volumes of Pods whose process was killed: their files, and what they hold in memory. Pods of processes
 * that live are left alone, so are those that outlive their process, and so is whatever cannot be removed. Never
 * rejects.
 */
export async function removeAbandonedPods(init: LeftoverPods): Promise<void> {
  await removePods(init, (_uid, mark) => hasEnded(mark));
}

/**
 * Removes the volumes of Pods that outlive their process (`podsOutliveProcess`) and that nobody knows any more. For
 * the one process that owns them, when it knows all Pods that there are, and before it mounts others than those.
 * Whatever cannot be removed is left. Never rejects.
 * @returns the UIDs of the Pods of which something was left
 */
export async function removeOrphanedPods(
  init: LeftoverPods & {
    /** Whether there is such a Pod: the API server's, or one from a manifest. */
    readonly isKnown: (uid: string) => boolean;
  },
): Promise<readonly string[]> {
  return removePods(init, (uid, mark) => mark === NODE_MARK && !init.isKnown(uid));
}

/**
 * Removes the volumes of one Pod that outlived its process (`podsOutliveProcess`) and was not mounted again since. For
 * the one process that owns them. Resolves, too, where nothing is left.
 * @throws KrustletError `VolumeFailed`.
 */
export async function removePodVolumes(init: LeftoverPods & { readonly uid: string }): Promise<void> {
  const root = resolve(init.rootDirectory);
  const uid = uidOf({ metadata: { uid: init.uid } });
  const mark = await readFile(ownerPathOf(join(root, "pods", uid)), "utf8").catch(() => "");
  if (mark !== NODE_MARK) return;
  try {
    await removePod(init, root, uid);
  } catch (cause) {
    throw volumeError(cause, `the volumes of the pod ${uid} could not be removed`);
  }
}

async function removePods(
  init: LeftoverPods,
  isLeft: (uid: string, mark: string) => Promise<boolean> | boolean,
): Promise<readonly string[]> {
  const root = resolve(init.rootDirectory);
  const pods = join(root, "pods");
  const removed: string[] = [];
  for (const name of await namesIn(pods)) {
    if (!name.endsWith(OWNER)) continue;
    const owner = join(pods, name);
    const mark = await readFile(owner, "utf8").catch(() => "");
    const uid = name.slice(0, -OWNER.length);
    if (!(await isLeft(uid, mark))) continue;
    removed.push(uid);
    try {
      await removePod(init, root, uid);
    } catch {
      // Another process removes it too, or it is in use: the next one tries again.
    }
  }
  return removed;
}

async function removePod(init: LeftoverPods, root: string, uid: string): Promise<void> {
  const directory = join(root, "pods", uid);
  const memory = await memoryDirectoryOf(init.memoryDirectory);
  if (memory !== undefined) await removeMemory(memoryParentOf(memory, root), uid);
  await removeTree(directory, `${directory}.removing`);
  // The mark goes last, so that it is there until the last file has gone.
  await rm(ownerPathOf(directory), { force: true });
}

async function removeMemory(parent: string, uid: string): Promise<void> {
  for (const name of await namesIn(parent)) {
    // Names of volumes have no dots.
    const isOwn = name.startsWith(`${uid}.`) && !name.slice(uid.length + 1).includes(".");
    if (isOwn) await removeTree(join(parent, name), join(parent, `${name}.removing`));
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}
