import { KrustletError } from "@krustlet/interface";
import type { V1Volume } from "@kubernetes/client-node";

import { claimVolume } from "./plugins/claim-volume.ts";
import { configMapVolume } from "./plugins/config-map-volume.ts";
import { csiVolume } from "./plugins/csi-volume.ts";
import { downwardApiVolume } from "./plugins/downward-api-volume.ts";
import { emptyDirVolume } from "./plugins/empty-dir-volume.ts";
import { hostPathVolume } from "./plugins/host-path-volume.ts";
import { projectedVolume } from "./plugins/projected-volume.ts";
import { secretVolume } from "./plugins/secret-volume.ts";
import type { VolumePlugin } from "./volume-plugin.ts";

const PLUGINS: readonly VolumePlugin[] = [
  configMapVolume,
  secretVolume,
  downwardApiVolume,
  projectedVolume,
  hostPathVolume,
  emptyDirVolume,
  claimVolume,
  csiVolume,
];

/** Fields of a volume that name a kind that can be mounted. */
export const VOLUME_KINDS: readonly string[] = PLUGINS.map(({ kind }) => kind);

/**
 * The plugin for a volume; one without any source is an emptyDir, as the API defines it.
 * @throws KrustletError `UnsupportedField` for a kind that no plugin makes, `InvalidField` for several kinds at once.
 */
export function pluginOf(volume: V1Volume, where: string): VolumePlugin {
  const kinds = Object.entries(volume)
    .filter(([name, source]) => name !== "name" && source !== undefined && source !== null)
    .map(([name]) => name);
  if (kinds.length > 1) {
    throw new KrustletError("InvalidField", `${where} may have only one of ${kinds.join(" and ")}`);
  }
  const [kind = "emptyDir"] = kinds;
  const plugin = PLUGINS.find((each) => each.kind === kind);
  if (plugin !== undefined) return plugin;
  const known = VOLUME_KINDS.join(", ");
  throw new KrustletError("UnsupportedField", `${where}: unknown volume kind "${kind}" (known: ${known})`);
}
