import { KrustletError } from "@krustlet/interface";
import { parseQuantity, valueOf } from "@krustlet/quantity";
import { createHash } from "node:crypto";
import { lstat, mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

import { makeDirectory } from "../beneath.ts";
import { uidOf } from "../pod-text.ts";
import { removeTree } from "../remove-tree.ts";
import { failedWith } from "../volume-error.ts";
import type { MadeVolume, VolumePlugin } from "../volume-plugin.ts";

const ATTEMPTS = 10;

/** `emptyDir`: an empty directory that lives as long as the Pod, on disk or in memory. */
export const emptyDirVolume: VolumePlugin = {
  kind: "emptyDir",
  directoryName: "kubernetes.io~empty-dir",
  async prepare({ pod, volume, where, directory }, { rootDirectory, memoryDirectory, warn }) {
    const { medium = "", sizeLimit } = volume.emptyDir ?? {};
    if (medium !== "" && medium !== "Memory") {
      throw new KrustletError("UnsupportedField", `${where}: emptyDir.medium "${medium}" is not supported`);
    }
    const bytes = sizeLimit === undefined ? 0 : valueOf(parseQuantity(sizeLimit, `${where}: sizeLimit`));
    const limit = bytes > 0 ? { limit: { bytes } } : {};
    return async () => {
      if (medium === "Memory" && memoryDirectory !== undefined) {
        const parent = memoryParentOf(memoryDirectory, rootDirectory);
        const path = join(parent, `${uidOf(pod)}.${volume.name}`);
        await makeOwnDirectory(parent, path);
        const remove = async (): Promise<void> => {
          await removeTree(path, `${path}.removing`);
          await removeEmpty(parent);
        };
        return { path, kind: "directory", readOnly: false, remove, ...limit } satisfies MadeVolume;
      }
      if (medium === "Memory") warn(`${where}: this host has no directory in memory, so it lies on disk`);
      await makeDirectory(directory, 0o700);
      const made = { path: directory, kind: "directory", readOnly: false, isLocal: true, ...limit } as const;
      return made satisfies MadeVolume;
    };
  },
};

/** The directory in memory that all of one root directory's volumes there lie in. */
export function memoryParentOf(memoryDirectory: string, rootDirectory: string): string {
  return join(memoryDirectory, `krustlet-${digestOf(rootDirectory)}`);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/**
 * Makes `path` in `parent`, which lies where everybody may make directories: one that is there must be this user's
 * own and closed to others. Another Pod's removal may take an empty parent away in between; then it is made again.
 */
async function makeOwnDirectory(parent: string, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await makeUnlessThere(parent);
      const stats = await lstat(parent);
      const own = process.getuid?.() ?? stats.uid;
      if (!stats.isDirectory() || stats.uid !== own || (stats.mode & 0o077) !== 0) {
        throw new KrustletError("VolumeFailed", `${parent} is not a directory of this user's own`);
      }
      return await makeUnlessThere(path);
    } catch (error) {
      if (!failedWith(error, "ENOENT") || attempt === ATTEMPTS) throw error;
    }
  }
}

async function makeUnlessThere(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!failedWith(error, "EEXIST")) throw error;
  }
}

async function removeEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!failedWith(error, "ENOTEMPTY", "EEXIST", "ENOENT")) throw error;
  }
}
