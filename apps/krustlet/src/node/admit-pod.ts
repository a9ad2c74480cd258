import { admissionOf } from "@krustlet/admission";
import type { Rejection } from "@krustlet/admission";
import type { Pressure } from "@krustlet/eviction";
import type { V1Node, V1Pod } from "@kubernetes/client-node";

/** Where {@link admitPod} looks. */
export interface AdmitInit {
  /** The newest Node that is known. */
  readonly node: () => V1Node;
  /** The pressures that the node is under. */
  readonly pressure: () => Pressure;
  /** Reads the Node anew. */
  readonly readNode: () => Promise<V1Node>;
  /** Sysctls beside the safe ones that a pod may name. */
  readonly allowedUnsafeSysctls: readonly string[];
}

/**
 * Whether the node takes a pod. Labels may be newer than what a watch has brought: before a pod is refused for those,
 * the Node is read once more, as the kubelet does it.
 */
export async function admitPod(
  pod: V1Pod,
  activePods: readonly V1Pod[],
  { node, pressure, readNode, allowedUnsafeSysctls }: AdmitInit,
): Promise<Rejection | undefined> {
  const judge = (by: V1Node): Rejection | undefined =>
    admissionOf({ pod, node: by, activePods, allowedUnsafeSysctls, pressure: conditionsOf(pressure()) });
  const rejection = judge(node());
  if (rejection?.reason !== "NodeAffinity") return rejection;
  const newest = await readNode().catch(() => undefined);
  return newest === undefined ? rejection : judge(newest);
}

/** The node's conditions that hold. */
function conditionsOf({ memoryPressure, diskPressure, pidPressure }: Pressure): readonly string[] {
  return [
    ...(memoryPressure ? ["MemoryPressure"] : []),
    ...(diskPressure ? ["DiskPressure"] : []),
    ...(pidPressure ? ["PIDPressure"] : []),
  ];
}
