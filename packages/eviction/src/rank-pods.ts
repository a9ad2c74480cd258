import type { StarvedResource } from "./eviction-signal.ts";
import type { EvictionPod, PodUse } from "./pod-use.ts";
import { memoryOf } from "./pod-use.ts";

/** A pod that may have to go. */
export interface EvictionCandidate {
  readonly pod: EvictionPod;
  /** What the scheduler counts it for, in bytes. */
  readonly requests: { readonly memory: number; readonly "ephemeral-storage": number };
  /** Undefined: it could not be measured, and goes first. */
  readonly use: PodUse | undefined;
}

/**
 * Pure: the order in which pods go for want of a resource, as the kubelet has it: those that use more than they asked
 * for, then those of lower priority, then those that use most beyond what they asked for. Guests are no processes: for
 * want of those, priority alone counts. Pods that are alike keep their order.
 */
export function rankForEviction<T extends EvictionCandidate>(
  candidates: readonly T[],
  resource: StarvedResource,
): readonly T[] {
  const ranked = candidates.map((candidate) => ({ candidate, ...standingOf(candidate, resource) }));
  return ranked
    .toSorted(
      (a, b) =>
        Number(b.excess > 0) - Number(a.excess > 0) || a.priority - b.priority || compare(b.excess, a.excess),
    )
    .map(({ candidate }) => candidate);
}

function standingOf(
  { pod, requests, use }: EvictionCandidate,
  resource: StarvedResource,
): { readonly priority: number; readonly excess: number } {
  const priority = pod.spec?.priority ?? 0;
  if (resource === "pids") return { priority, excess: 0 };
  if (use === undefined) return { priority: Number.NEGATIVE_INFINITY, excess: Number.POSITIVE_INFINITY };
  if (resource === "memory") return { priority, excess: memoryOf(use) - requests.memory };
  if (resource === "inodes") return { priority, excess: use.inodes };
  return { priority, excess: use.storageBytes - requests["ephemeral-storage"] };
}

/** Of numbers that may both be infinite. */
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
