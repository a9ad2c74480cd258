import { hasPortConflict } from "./host-ports.ts";
import { matchesNodeAffinity } from "./node-affinity.ts";
import type { AdmissionNode, AdmissionPod, Rejection } from "./pod.ts";
import { isCriticalPod, isStaticPod } from "./pod-kind.ts";
import { preemptionOf } from "./plan-preemption.ts";
import { rejectionOfShortage, shortagesOf } from "./resource-fit.ts";
import { toleratesTaint } from "./taints.ts";

/**
 * What the scheduler would have checked, once more: a pod may name its node itself, and nodes change. A critical pod that
 * only wants for resources is told whom to end for it.
 */
export function predicateRejectionOf(
  pod: AdmissionPod,
  node: AdmissionNode,
  others: readonly AdmissionPod[],
): Rejection | undefined {
  const shortages = shortagesOf(pod, node, others);
  const [first] = shortages;
  if (first === undefined) return placementRejectionOf(pod, node, others);
  const short = rejectionOfShortage(first);
  if (!isCriticalPod(pod)) return short;
  return placementRejectionOf(pod, node, others) ?? preemptionOf(pod, shortages, others, short);
}

function placementRejectionOf(
  pod: AdmissionPod,
  node: AdmissionNode,
  others: readonly AdmissionPod[],
): Rejection | undefined {
  if (!matchesNodeAffinity(pod, node))
    return failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
  const nodeName = pod.spec?.nodeName;
  if (nodeName && nodeName !== node.metadata?.name)
    return failed("NodeName", "node(s) didn't match the requested node name");
  if (hasPortConflict(pod, others))
    return failed("NodePorts", "node(s) didn't have free ports for the requested pod ports");
  const untolerated = (node.spec?.taints ?? []).some(
    (taint) => taint.effect === "NoExecute" && !toleratesTaint(pod.spec?.tolerations, taint),
  );
  if (untolerated && !isStaticPod(pod))
    return failed("TaintToleration", "node(s) had taints that the pod didn't tolerate");
  return undefined;
}

function failed(reason: string, why: string): Rejection {
  return { reason, message: `Predicate ${reason} failed: ${why}` };
}
