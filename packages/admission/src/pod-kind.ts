import type { AdmissionPod } from "./pod.ts";

const SOURCE = "kubernetes.io/config.source";
const MIRROR = "kubernetes.io/config.mirror";
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

/** Whether the pod comes from a file of the node's own, not from the API server. */
export function isStaticPod({ metadata }: AdmissionPod): boolean {
  const source = metadata?.annotations?.[SOURCE];
  return source !== undefined && source !== "api";
}

/** Whether the node must run the pod even under pressure: static pods, their mirrors, system priorities. */
export function isCriticalPod(pod: AdmissionPod): boolean {
  if (isStaticPod(pod) || pod.metadata?.annotations?.[MIRROR] !== undefined) return true;
  return (pod.spec?.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY;
}

/** Whether the pod has ended, or was asked to: it is not admitted any more, and holds nothing it will not give back. */
export function isEnding({ metadata, status }: AdmissionPod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed" || Boolean(metadata?.deletionTimestamp);
}
