import { readdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { CsiVolumes } from "@krustlet/interface";

import { memoryDirectoryOf } from "./memory-directory.ts";
import { hasEnded, OWNER, ownerPathOf } from "./owner-mark.ts";
import { pathExists } from "./path-exists.ts";
import { memoryParentOf } from "./plugins/empty-dir-volume.ts";
import { UID, uidOf } from "./pod-text.ts";
import { demandUnpublished } from "./published-in.ts";
import { removeTree } from "./remove-tree.ts";
import { volumeError } from "./volume-error.ts";

const REMOVING = /\.removing$/u;

/** Where the Pods are whose volumes are to be removed. */
export interface LeftoverPods {
  readonly rootDirectory: string;
  /** As the mounter has it. */
  readonly memoryDirectory?: string | false;
  /** As the mounter has it. */
  readonly csi?: CsiVolumes;
}

/** What {@link removeAbandonedPods} removes. */
export interface AbandonedPods extends LeftoverPods {
  /** Removes what lies elsewhere of a Pod; where it rejects, the Pod's mark stays for the next process. */
  readonly removeRest?: (uid: string) => Promise<void>;
}

/**
 * Removes the directories of Pods whose process was killed, and what their volumes hold in memory. Pods of processes
 * that live are left alone, so are those that outlive their process, and so is whatever cannot be removed. Never
 * rejects.
 */
export async function removeAbandonedPods(init: AbandonedPods): Promise<void> {
  const root = resolve(init.rootDirectory);
  const pods = join(root, "pods");
  for (const name of await namesIn(pods)) {
    if (!name.endsWith(OWNER)) continue;
    const mark = await readFile(join(pods, name), "utf8").catch(() => "");
    if (!(await hasEnded(mark))) continue;
    try {
      const uid = name.slice(0, -OWNER.length);
      await init.removeRest?.(uid);
      await removePod(init, root, uid);
    } catch {
      // Another process removes it too, or it is in use: the next one tries again.
    }
  }
}

/**
 * The UIDs of Pods whose volumes outlived their process (`podsOutliveProcess`), whole or in part. Never rejects.
 */
export async function listLeftPodVolumes({
  rootDirectory,
}: Pick<LeftoverPods, "rootDirectory">): Promise<readonly string[]> {
  const names = new Set(await namesIn(join(resolve(rootDirectory), "pods")));
  const uids = new Set([...names].map((name) => name.replace(REMOVING, "")));
  return [...uids].filter((uid) => UID.test(uid) && !names.has(`${uid}${OWNER}`));
}

/**
 * Removes the volumes of one Pod that outlived its process (`podsOutliveProcess`) and was not mounted again since. For
 * the one process that owns them. Resolves, too, where nothing is left.
 * @throws KrustletError `VolumeFailed`.
 */
export async function removePodVolumes(init: LeftoverPods & { readonly uid: string }): Promise<void> {
  const root = resolve(init.rootDirectory);
  const uid = uidOf({ metadata: { uid: init.uid } });
  // That of a process which gives each Pod a new UID.
  if (await pathExists(ownerPathOf(join(root, "pods", uid)))) return;
  try {
    await removePod(init, root, uid);
  } catch (cause) {
    throw volumeError(cause, `the volumes of the pod ${uid} could not be removed`);
  }
}

async function removePod(init: LeftoverPods, root: string, uid: string): Promise<void> {
  const directory = join(root, "pods", uid);
  await demandUnpublished(directory, init.csi);
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
