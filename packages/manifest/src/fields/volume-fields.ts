import { ignored, refused, supported, supportedAs } from "./field-support.ts";
import type { FieldSupport, FieldTable } from "./field-support.ts";

const unknown = (kind: string): FieldSupport =>
  refused(
    `unknown volume kind "${kind}" (known: configMap, secret, hostPath, emptyDir, downwardAPI, projected, ` +
      "persistentVolumeClaim)",
  );

const UNKNOWN_KINDS = [
  "awsElasticBlockStore",
  "azureDisk",
  "azureFile",
  "cephfs",
  "cinder",
  "csi",
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
  ...Object.fromEntries(UNKNOWN_KINDS.map((kind) => [kind, unknown(kind)])),
  configMap: supported,
  downwardAPI: supported,
  emptyDir: supportedAs("`medium: Memory` is a tmpfs where the host allows one; huge pages are refused"),
  hostPath: supportedAs("every `type`"),
  name: supported,
  persistentVolumeClaim: supportedAs("a named directory that persists; the storage class is not read"),
  projected: supported,
  "projected.sources[].clusterTrustBundle": refused("cluster trust bundles need an API server"),
  "projected.sources[].podCertificate": refused("pod certificates need an API server"),
  "projected.sources[].serviceAccountToken": supportedAs(
    "only where there is an API server to ask for tokens",
  ),
  secret: supported,
  "persistentVolumeClaim.readOnly": supported,
  "emptyDir.sizeLimit": supported,
  "projected.sources[].serviceAccountToken.audience": ignored("handed to the source of tokens as it is"),
};
