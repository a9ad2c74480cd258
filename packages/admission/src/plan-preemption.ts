import { isBestEffort } from "./best-effort.ts";
import type { AdmissionPod, Rejection } from "./pod.ts";
import { isCriticalPod } from "./pod-kind.ts";
import { requestOf } from "./resource-fit.ts";
import type { Shortage } from "./resource-fit.ts";

/** What is still to be freed, by resource; each is more than nothing. */
type Needs = ReadonlyMap<string, bigint>;

/**
 * The rejection of a critical pod for which there is no room, with the pods to be ended for it, in the kubelet's way: as few
 * and as small ones as may be; of those that asked for nothing rather than of the others, and guaranteed ones only where
 * all of these are not enough. Where all together are not, it is refused.
 */
export function preemptionOf(
  pod: AdmissionPod,
  shortages: readonly Shortage[],
  others: readonly AdmissionPod[],
  short: Rejection,
): Rejection {
  const needs: Needs = new Map(
    shortages.map(({ resource, requested, used, capacity }) => [resource, requested - (capacity - used)]),
  );
  const victims = others.filter((other) => isPreemptable(pod, other));
  const lacking = leftOf(needs, victims);
  if (lacking.size > 0) {
    const list = [...lacking].map(([resource, amount]) => `(res: ${resource}, q: ${amount}), `).join("");
    const why = `error finding a set of pods to preempt: no set of running pods found to reclaim resources: [${list}]`;
    return {
      reason: "UnexpectedAdmissionError",
      message: `Unexpected error while attempting to recover from admission failure: preemption: ${why}`,
    };
  }
  const classes = Map.groupBy(victims, qosOf);
  const bestEffort = classes.get("BestEffort") ?? [];
  const burstable = classes.get("Burstable") ?? [];
  const last = chosen(classes.get("Guaranteed") ?? [], leftOf(needs, [...bestEffort, ...burstable]));
  const middle = chosen(burstable, leftOf(needs, [...bestEffort, ...last]));
  const first = chosen(bestEffort, leftOf(needs, [...middle, ...last]));
  return { ...short, preempts: [...first, ...middle, ...last] };
}

function isPreemptable(pod: AdmissionPod, other: AdmissionPod): boolean {
  if (!isCriticalPod(other)) return true;
  const [mine, its] = [pod.spec?.priority, other.spec?.priority];
  return mine !== undefined && its !== undefined && mine > its;
}

/** The fewest of `pods` that free what is needed: each time the one that comes nearest, and of equals the smaller one. */
function chosen(pods: readonly AdmissionPod[], needs: Needs): readonly AdmissionPod[] {
  const left = [...pods];
  const taken: AdmissionPod[] = [];
  let open = needs;
  while (open.size > 0 && left.length > 0) {
    const best = left.reduce((a, b) => (isBetter(b, a, open) ? b : a));
    left.splice(left.indexOf(best), 1);
    taken.push(best);
    open = leftOf(open, [best]);
  }
  return taken;
}

function isBetter(a: AdmissionPod, b: AdmissionPod, needs: Needs): boolean {
  const nearer = distanceOf(a, needs) - distanceOf(b, needs);
  if (nearer !== 0) return nearer < 0;
  for (const resource of ["memory", "cpu"]) {
    const [mine, its] = [requestOf(a, resource), requestOf(b, resource)];
    if (mine !== its) return mine < its;
  }
  return false;
}

/** How much of what is needed would still be missing, each resource counting the same. */
function distanceOf(pod: AdmissionPod, needs: Needs): number {
  let distance = 0;
  for (const [resource, needed] of needs) {
    const missing = Number(needed - requestOf(pod, resource));
    if (missing > 0) distance += (missing / Number(needed)) ** 2;
  }
  return distance;
}

function leftOf(needs: Needs, pods: readonly AdmissionPod[]): Needs {
  const left = [...needs].map(([resource, needed]) => {
    const freed = pods.reduce((sum, pod) => sum + requestOf(pod, resource), 0n);
    return [resource, needed - freed] as const;
  });
  return new Map(left.filter(([, needed]) => needed > 0n));
}

/** As the API server has it; a static pod's is not known there. */
function qosOf(pod: AdmissionPod): "BestEffort" | "Burstable" | "Guaranteed" {
  const said = pod.status?.qosClass;
  if (said === "BestEffort" || said === "Guaranteed") return said;
  try {
    return said === undefined && isBestEffort(pod) ? "BestEffort" : "Burstable";
  } catch {
    return "Burstable";
  }
}
