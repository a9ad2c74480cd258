import { KrustletError } from "@krustlet/interface";
import type { Cancellable, CsiSource, CsiVolume } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";
import { createHash } from "node:crypto";
import { join } from "node:path";

import { demandSubdomain, namespaceOf, uidOf } from "../pod-text.ts";
import type { MadeVolume, VolumeContext, VolumePlugin } from "../volume-plugin.ts";

/** What is published for a Pod. */
interface CsiVolumeInit {
  /** The PersistentVolume's name, or the Pod's volume's. */
  readonly name: string;
  readonly source: CsiSource;
  readonly accessModes: readonly string[];
  readonly mountOptions: readonly string[];
  readonly lifecycle?: CsiVolume["lifecycle"];
}

interface CsiPlace extends Cancellable {
  readonly pod: V1Pod;
  readonly where: string;
  readonly context: VolumeContext;
}

/** The directory of such volumes in a Pod's, as the kubelet calls it. */
export const CSI_DIRECTORY = "kubernetes.io~csi";

/** `csi`: a volume that a driver makes for one Pod and that goes with it. */
export const csiVolume: VolumePlugin = {
  kind: "csi",
  directoryName: CSI_DIRECTORY,
  async prepare({ pod, volume, where }, context, options) {
    const {
      driver = "",
      fsType,
      readOnly = false,
      volumeAttributes,
      nodePublishSecretRef,
    } = volume.csi ?? {};
    const handle = createHash("sha256")
      .update(`${uidOf(pod)}/${volume.name}`)
      .digest("hex");
    const secret = nodePublishSecretRef && {
      name: nodePublishSecretRef.name ?? "",
      namespace: namespaceOf(pod),
    };
    const source: CsiSource = {
      driver,
      volumeHandle: `csi-${handle}`,
      readOnly,
      ...(fsType !== undefined && { fsType }),
      ...(volumeAttributes !== undefined && { volumeAttributes }),
      ...(secret !== undefined && { nodePublishSecretRef: secret }),
    };
    const init: CsiVolumeInit = {
      name: volume.name,
      source,
      accessModes: ["ReadWriteOnce"],
      mountOptions: [],
      lifecycle: "Ephemeral",
    };
    return prepareCsiVolume(init, { pod, where, context, ...options });
  },
};

/**
 * Fetches what a driver is given to publish a volume; what it gives then has it published. A volume whose publishing
 * failed leaves what it takes to undo it in its directory.
 */
export async function prepareCsiVolume(
  init: CsiVolumeInit,
  { pod, where, context, signal }: CsiPlace,
): Promise<() => Promise<MadeVolume>> {
  const { csi, rootDirectory } = context;
  if (csi === undefined) {
    throw new KrustletError(
      "UnsupportedField",
      `${where} needs a CSI driver, which only a node in a cluster has`,
    );
  }
  const { source, lifecycle = "Persistent", accessModes, mountOptions } = init;
  const name = demandSubdomain(init.name, `${where}: the volume's name`);
  const readOnly = source.readOnly ?? false;
  const read = (kind: string, reference: CsiSource["nodeStageSecretRef"]) =>
    secretOf(reference, `${where}: ${kind}`, context, { signal });
  const volume: CsiVolume = {
    driver: source.driver,
    volumeHandle: source.volumeHandle,
    name,
    lifecycle,
    directory: join(rootDirectory, "pods", uidOf(pod), "volumes", CSI_DIRECTORY, name),
    ...(source.fsType !== undefined && { fsType: source.fsType }),
    mountOptions,
    accessModes,
    readOnly,
    attributes: source.volumeAttributes ?? {},
    stageSecrets: await read("nodeStageSecretRef", source.nodeStageSecretRef),
    publishSecrets: await read("nodePublishSecretRef", source.nodePublishSecretRef),
    pod: {
      name: pod.metadata?.name ?? "",
      namespace: namespaceOf(pod),
      uid: uidOf(pod),
      serviceAccount: pod.spec?.serviceAccountName ?? "default",
    },
  };
  return async () => {
    const { path } = await csi.publish(volume, { signal });
    return { path, kind: "directory", readOnly, remove: () => csi.unpublish(volume.directory) };
  };
}

async function secretOf(
  reference: CsiSource["nodeStageSecretRef"],
  place: string,
  { objects }: VolumeContext,
  options: Cancellable,
): Promise<Readonly<Record<string, string>>> {
  const { namespace = "", name = "" } = reference ?? {};
  if (name === "") return {};
  const secret = await objects.secret(namespace, name, options);
  if (secret === undefined) {
    const message = `${place}: secret "${namespace}/${name}" not found`;
    throw new KrustletError("ObjectNotFound", message, { retryable: true });
  }
  const entries = Object.entries(secret.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
}
