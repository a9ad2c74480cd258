import { KrustletError } from "@krustlet/interface";
import { parseQuantity, valueOf } from "@krustlet/quantity";
import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";

import { makeDirectory } from "../beneath.ts";
import { uidOf } from "../pod-text.ts";
import { removeTree } from "../remove-tree.ts";
import { failedWith } from "../volume-error.ts";
import type { MadeVolume, VolumePlugin } from "../volume-plugin.ts";

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
        const path = join(memoryDirectory, memoryName(rootDirectory, uidOf(pod), volume.name));
        await makeOwnDirectory(path);
        const remove = (): Promise<void> => removeTree(path, `${path}.removing`);
        return { path, kind: "directory", readOnly: false, remove, ...limit } satisfies MadeVolume;
      }
      if (medium === "Memory") warn(`${where}: this host has no directory in memory, so it lies on disk`);
      await makeDirectory(directory, 0o700);
      return { path: directory, kind: "directory", readOnly: false, ...limit } satisfies MadeVolume;
    };
  },
};

/** One name for each root directory, Pod and volume, because others use the directory in memory too. */
function memoryName(rootDirectory: string, uid: string, volume: string): string {
  const root = createHash("sha256").update(rootDirectory).digest("hex").slice(0, 12);
  return `krustlet-${root}-${uid}-${volume}`;
}

/** Makes a directory where everybody may make some; one that is there must be this user's own. */
async function makeOwnDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!failedWith(error, "EEXIST")) throw error;
  }
  const stats = await lstat(path);
  const own = process.getuid?.() ?? stats.uid;
  if (stats.isDirectory() && stats.uid === own && (stats.mode & 0o077) === 0) return;
  throw new KrustletError("VolumeFailed", `${path} is not a directory of this user's own`);
}
