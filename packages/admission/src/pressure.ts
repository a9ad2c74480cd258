import type { AdmissionPod, Rejection } from "./pod.ts";
import { isCriticalPod } from "./pod-kind.ts";
import { amountsOf } from "./pod-requests.ts";
import { toleratesTaint } from "./taints.ts";

/**
 * Keeps pods away from a node that runs short of something. `pressure` are the node's conditions that hold, for
 * example `MemoryPressure`: that one alone keeps away only pods that say nothing of what they need.
 */
export function pressureRejectionOf(pod: AdmissionPod, pressure: readonly string[]): Rejection | undefined {
  if (pressure.length === 0 || isCriticalPod(pod)) return undefined;
  if (pressure.length === 1 && pressure[0] === "MemoryPressure") {
    if (!isBestEffort(pod)) return undefined;
    const taint = { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" };
    if (toleratesTaint(pod.spec?.tolerations, taint)) return undefined;
  }
  return { reason: "Evicted", message: `The node had condition: [${pressure.join(" ")}]. ` };
}

/** Whether neither the Pod nor any container asks for CPU or memory. */
function isBestEffort({ spec }: AdmissionPod): boolean {
  const all = [spec, ...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return all.every((each) =>
    [each?.resources?.requests, each?.resources?.limits].every((texts) => {
      const amounts = amountsOf(texts, "the Pod");
      return (amounts.get("cpu") ?? 0n) === 0n && (amounts.get("memory") ?? 0n) === 0n;
    }),
  );
}
