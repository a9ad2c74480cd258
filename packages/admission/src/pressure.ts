import { isBestEffort } from "./best-effort.ts";
import type { AdmissionPod, Rejection } from "./pod.ts";
import { isCriticalPod } from "./pod-kind.ts";
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
