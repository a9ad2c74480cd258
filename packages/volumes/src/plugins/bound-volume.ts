import { matchesNodeTerms } from "@krustlet/admission";
import { KrustletError } from "@krustlet/interface";
import type { Cancellable, PersistentVolumeClaimObject, PersistentVolumeObject } from "@krustlet/interface";

import type { MadeVolume, VolumeContext } from "../volume-plugin.ts";
import { prepareHostPath } from "./host-path-volume.ts";

interface BoundInit extends Cancellable {
  readonly namespace: string;
  readonly claimName: string;
  /** The volume, for messages. */
  readonly where: string;
  readonly context: VolumeContext;
}

/** Fields of a PersistentVolume's spec that name no plugin. */
const NO_PLUGINS: readonly string[] = [
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
];

/** The PersistentVolume of a claim in a cluster: a directory of this node's, since there are no drivers for others. */
export async function prepareBoundVolume(
  claim: PersistentVolumeClaimObject,
  { namespace, claimName, where, context, signal }: BoundInit,
): Promise<() => Promise<MadeVolume>> {
  const place = `${where}: error processing PVC ${namespace}/${claimName}`;
  if (claim.metadata?.deletionTimestamp) throw later(`${place}: PVC is being deleted`);
  const name = claim.spec?.volumeName ?? "";
  if (name === "" || claim.status?.phase !== "Bound") throw later(`${place}: PVC is not bound`);
  const volume = await context.objects.persistentVolume?.(name, { signal });
  if (volume === undefined) throw later(`${place}: persistentvolume "${name}" not found`);
  const holder = volume.spec?.claimRef;
  if (holder?.namespace !== namespace || holder.name !== claimName || holder.uid !== claim.metadata?.uid) {
    throw later(`${place}: persistentvolume "${name}" is bound to another claim`);
  }
  return prepareVolume(volume, `${where}: persistentvolume "${name}"`, context);
}

async function prepareVolume(
  { spec = {} }: PersistentVolumeObject,
  where: string,
  { nodeLabels }: VolumeContext,
): Promise<() => Promise<MadeVolume>> {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  if (terms !== undefined && nodeLabels !== undefined) {
    const node = { metadata: { labels: nodeLabels() } };
    if (!matchesNodeTerms(terms, node)) throw later(`${where}: no matching NodeSelectorTerms`);
  }
  if (spec.volumeMode === "Block") {
    throw new KrustletError("UnsupportedField", `${where} is a block device, and WASI has none`);
  }
  if (spec.hostPath !== undefined) return prepareHostPath(spec.hostPath, where);
  if (spec.local !== undefined) return prepareHostPath({ path: spec.local.path, type: "Directory" }, where);
  const kind = Object.keys(spec).find((field) => !NO_PLUGINS.includes(field)) ?? "nothing";
  throw new KrustletError(
    "UnsupportedField",
    `${where} is of the kind ${JSON.stringify(kind)}, which this node cannot mount (known: hostPath, local)`,
  );
}

/** Somebody may yet put it right: the mount is tried again. */
function later(message: string): KrustletError {
  return new KrustletError("ObjectNotFound", message, { retryable: true });
}
