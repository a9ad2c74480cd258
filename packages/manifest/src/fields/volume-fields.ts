import { onNode, refused, supported, supportedAs } from "./field-support.ts";
import type { FieldTable } from "./field-support.ts";

/** Fields of a volume that name a kind which can be mounted. */
export const KNOWN_VOLUME_KINDS: readonly string[] = [
  "configMap",
  "secret",
  "hostPath",
  "emptyDir",
  "downwardAPI",
  "projected",
  "persistentVolumeClaim",
];

/** What is said of a volume of any other kind. */
export function unknownVolumeKind(kind: string): string {
  return `unknown volume kind "${kind}" (known: ${KNOWN_VOLUME_KINDS.join(", ")})`;
}

const UNKNOWN_KINDS = [
  "awsElasticBlockStore",
  "azureDisk",
  "azureFile",
  "cephfs",
  "cinder",
  "ephemeral",
  "fc",
  "flexVolume",
  "flocker",
  "gcePersistentDisk",
  "gitRepo",
  "glusterfs",
  "image",
  "iscsi",
  "nfs",
  "photonPersistentDisk",
  "portworxVolume",
  "quobyte",
  "rbd",
  "scaleIO",
  "storageos",
  "vsphereVolume",
];

/** Fields of a volume, by their path within it. */
export const VOLUME_FIELDS: FieldTable = {
  ...Object.fromEntries(UNKNOWN_KINDS.map((kind) => [kind, refused(unknownVolumeKind(kind))])),
  configMap: supported,
  csi: onNode(
    refused(unknownVolumeKind("csi")),
    supportedAs("inline volumes of a driver whose CSIDriver has the mode `Ephemeral`"),
  ),
  downwardAPI: supported,
  emptyDir: supportedAs("`medium: Memory` is a tmpfs where the host allows one; huge pages are refused"),
  hostPath: supportedAs("every `type`"),
  name: supported,
  persistentVolumeClaim: onNode(
    supportedAs("a named directory that persists; the storage class is not read"),
    supportedAs(
      "bound to a PersistentVolume of the kind `csi` (a driver with `attachRequired: false`), `hostPath` or `local`; any other waits (`FailedMount`)",
    ),
  ),
  projected: supported,
  "projected.sources[].clusterTrustBundle": onNode(
    refused("cluster trust bundles need an API server"),
    refused("cluster trust bundles are not supported"),
  ),
  "projected.sources[].podCertificate": onNode(
    refused("pod certificates need an API server"),
    refused("pod certificates are not supported"),
  ),
  "projected.sources[].serviceAccountToken": onNode(
    supportedAs("only where there is an API server to ask for tokens"),
    supportedAs("renewed in place"),
  ),
  secret: supported,
  "persistentVolumeClaim.readOnly": supported,
  "emptyDir.sizeLimit": supported,
  "projected.sources[].serviceAccountToken.audience": supported,
};
