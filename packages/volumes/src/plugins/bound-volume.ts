import type { V1Pod } from "@kubernetes/client-node";
import { matchesNodeTerms } from "@krustlet/admission";
import { KrustletError } from "@krustlet/interface";
import type { Cancellable, PersistentVolumeClaimObject, PersistentVolumeObject } from "@krustlet/interface";

import type { MadeVolume, VolumeContext } from "../volume-plugin.ts";
import { prepareCsiVolume } from "./csi-volume.ts";
import { prepareHostPath } from "./host-path-volume.ts";

interface BoundInit extends Cancellable {
  readonly namespace: string;
  readonly claimName: string;
  readonly pod: V1Pod;
  /** Whether the pod wants it for reading only. */
  readonly readOnly: boolean;
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

/** The PersistentVolume of a claim in a cluster: a directory of this node's, or one that a CSI driver publishes. */
export async function prepareBoundVolume(
  claim: PersistentVolumeClaimObject,
  init: BoundInit,
): Promise<() => Promise<MadeVolume>> {
  const { namespace, claimName, where, context, signal } = init;
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
  return prepareVolume(name, volume, { ...init, where: `${where}: persistentvolume "${name}"` });
}

async function prepareVolume(
  name: string,
  { spec = {} }: PersistentVolumeObject,
  { where, pod, readOnly, context, signal }: BoundInit,
): Promise<() => Promise<MadeVolume>> {
  const { nodeLabels } = context;
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
  if (spec.csi !== undefined && context.csi !== undefined) {
    const { csi, accessModes = [], mountOptions = [] } = spec;
    return prepareCsiVolume(
      { name, source: { ...csi, readOnly: readOnly || csi.readOnly === true }, accessModes, mountOptions },
      { pod, where, context, signal },
    );
  }
  const kind = Object.keys(spec).find((field) => !NO_PLUGINS.includes(field)) ?? "nothing";
  const known = ["hostPath", "local", ...(context.csi === undefined ? [] : ["csi"])].join(", ");
  throw new KrustletError(
    "UnsupportedField",
    `${where} is of the kind ${JSON.stringify(kind)}, which this node cannot mount (known: ${known})`,
  );
}

/** Somebody may yet put it right: the mount is tried again. */
function later(message: string): KrustletError {
  return new KrustletError("ObjectNotFound", message, { retryable: true });
}
