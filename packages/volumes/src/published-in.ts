import { KrustletError } from "@krustlet/interface";
import type { CsiVolumes } from "@krustlet/interface";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { CSI_DIRECTORY } from "./plugins/csi-volume.ts";
import { pathExists } from "./path-exists.ts";
import { failedWith } from "./volume-error.ts";

/** Directories of a Pod's volumes that CSI drivers have published, or begun to. */
export async function publishedIn(podDirectory: string): Promise<readonly string[]> {
  const parent = join(podDirectory, "volumes", CSI_DIRECTORY);
  try {
    const directories = (await readdir(parent)).map((name) => join(parent, name));
    const published = await Promise.all(directories.map((each) => pathExists(join(each, "vol_data.json"))));
    return directories.filter((_, index) => published[index]);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return [];
    throw error;
  }
}

/**
 * Has everything unpublished that drivers have mounted in a Pod's directory, so that it can be removed: what is removed
 * where something is mounted is the volume's data.
 * @throws KrustletError `VolumeFailed`, `Timeout` as {@link CsiVolumes.unpublish}.
 */
export async function demandUnpublished(podDirectory: string, csi: CsiVolumes | undefined): Promise<void> {
  for (const directory of await publishedIn(podDirectory)) {
    if (csi === undefined) {
      throw new KrustletError("VolumeFailed", `${directory} is published by a CSI driver, and stays`);
    }
    await csi.unpublish(directory);
  }
}
