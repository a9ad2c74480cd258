import { createHash } from "node:crypto";
import { join } from "node:path";

import { KrustletError } from "@krustlet/interface";
import type { CsiVolume } from "@krustlet/interface";

import type { CsiDriverObject } from "./cluster.ts";
import { CAPABILITY } from "./csi-driver.ts";

/** Numbers of `VolumeCapability.AccessMode.Mode`. */
const MODE = {
  singleNodeWriter: 1,
  multiNodeReaderOnly: 3,
  multiNodeMultiWriter: 5,
  singleNodeSingleWriter: 6,
  singleNodeMultiWriter: 7,
} as const;

/** Pure: where a volume is staged: a directory for each, whatever its handle is made of. */
export function stagingDirectoryOf(rootDirectory: string, driver: string, volumeHandle: string): string {
  const hash = createHash("sha256").update(volumeHandle).digest("hex");
  return join(rootDirectory, "plugins", "kubernetes.io", "csi", driver, hash);
}

/**
 * Pure: demands that a volume of the driver can be published without anybody having attached it first.
 * @throws KrustletError `UnsupportedField`.
 */
export function demandPublishable(volume: CsiVolume, driver: CsiDriverObject | undefined): void {
  const { attachRequired = true, volumeLifecycleModes = ["Persistent"] } = driver?.spec ?? {};
  const { lifecycle } = volume;
  if (!volumeLifecycleModes.includes(lifecycle)) {
    const message = `volume mode "${lifecycle}" not supported by driver ${volume.driver}`;
    throw new KrustletError("UnsupportedField", message);
  }
  if (lifecycle === "Ephemeral" || !attachRequired) return;
  const message = `volumes of the CSI driver "${volume.driver}" have to be attached, which this node does not wait for; it needs a CSIDriver with attachRequired: false`;
  throw new KrustletError("UnsupportedField", message);
}

/** Pure: the `VolumeCapability` of a volume. */
export function capabilityOf(volume: CsiVolume, capabilities: ReadonlySet<number>): object {
  return {
    mount: { fs_type: volume.fsType ?? "", mount_flags: volume.mountOptions },
    access_mode: { mode: accessModeOf(volume.accessModes[0] ?? "ReadWriteOnce", capabilities) },
  };
}

/** Pure: what the driver is told of the volume and, where the CSIDriver says so, of the pod. */
export function volumeContextOf(
  volume: CsiVolume,
  driver: CsiDriverObject | undefined,
): Readonly<Record<string, string>> {
  if (driver?.spec?.podInfoOnMount !== true) return volume.attributes;
  const { pod } = volume;
  return {
    ...volume.attributes,
    "csi.storage.k8s.io/pod.name": pod.name,
    "csi.storage.k8s.io/pod.namespace": pod.namespace,
    "csi.storage.k8s.io/pod.uid": pod.uid,
    "csi.storage.k8s.io/serviceAccount.name": pod.serviceAccount,
    "csi.storage.k8s.io/ephemeral": String(volume.lifecycle === "Ephemeral"),
  };
}

function accessModeOf(mode: string, capabilities: ReadonlySet<number>): number {
  const tellsWriters = capabilities.has(CAPABILITY.singleNodeMultiWriter);
  switch (mode) {
    case "ReadWriteOnce":
      return tellsWriters ? MODE.singleNodeMultiWriter : MODE.singleNodeWriter;
    case "ReadWriteOncePod":
      return tellsWriters ? MODE.singleNodeSingleWriter : MODE.singleNodeWriter;
    case "ReadOnlyMany":
      return MODE.multiNodeReaderOnly;
    case "ReadWriteMany":
      return MODE.multiNodeMultiWriter;
    default:
      throw new KrustletError("UnsupportedField", `the access mode ${JSON.stringify(mode)} is none of CSI`);
  }
}
