import { readdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { memoryDirectoryOf } from "./memory-directory.ts";
import { hasEnded } from "./owner-mark.ts";
import { memoryParentOf } from "./plugins/empty-dir-volume.ts";
import { removeTree } from "./remove-tree.ts";

const OWNER = ".owner";

/** Where it is noted whose the directory of a Pod is: beside it, so that it is there until the last file has gone. */
export function ownerPathOf(podDirectory: string): string {
  return `${podDirectory}${OWNER}`;
}

/**
 * Removes the volumes of Pods whose process was killed: their files, and what they hold in memory. For callers that
 * give each Pod a new UID; one that takes its Pods up again after a restart mounts them anew and must not call this.
 * Pods of processes that live are left alone, and so is whatever cannot be removed. Never rejects.
 */
export async function removeAbandonedPods(init: {
  readonly rootDirectory: string;
  /** As the mounter has it. */
  readonly memoryDirectory?: string | false;
}): Promise<void> {
  const root = resolve(init.rootDirectory);
  const pods = join(root, "pods");
  for (const name of await namesIn(pods)) {
    if (!name.endsWith(OWNER)) continue;
    const owner = join(pods, name);
    const mark = await readFile(owner, "utf8").catch(() => "");
    if (!(await hasEnded(mark))) continue;
    const uid = name.slice(0, -OWNER.length);
    try {
      const memory = await memoryDirectoryOf(init.memoryDirectory);
      if (memory !== undefined) await removeMemory(memoryParentOf(memory, root), uid);
      await removeTree(join(pods, uid), join(pods, `${uid}.removing`));
      await rm(owner, { force: true });
    } catch {
      // Another process removes it too, or it is in use: the next one tries again.
    }
  }
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
