import type { V1Pod } from "@kubernetes/client-node";

/** How long pods from this priority up may take when the node goes down. */
export interface ShutdownPeriod {
  readonly priority: number;
  readonly shutdownGracePeriodSeconds: number;
}

/** Pods that end together, and how long that may take. */
export interface ShutdownGroup extends ShutdownPeriod {
  readonly pods: readonly V1Pod[];
}

/** The priority from which on pods count as critical. */
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

/** The periods that `shutdownGracePeriod` and `shutdownGracePeriodCriticalPods` (a part of it) stand for, in seconds. */
export function shutdownPeriodsOf(total: number, critical: number): readonly ShutdownPeriod[] {
  if (total <= 0) return [];
  return [
    { priority: 0, shutdownGracePeriodSeconds: Math.max(0, total - critical) },
    { priority: SYSTEM_CRITICAL_PRIORITY, shutdownGracePeriodSeconds: Math.min(total, critical) },
  ];
}

/**
 * Pure: in which order pods end when the node goes down, as the kubelet has it: those of the lowest priority first. A
 * pod belongs to the highest period that its priority reaches, or to the lowest one. Groups without pods are left out.
 */
export function planShutdown(
  pods: readonly V1Pod[],
  periods: readonly ShutdownPeriod[],
): readonly ShutdownGroup[] {
  const ordered = periods.toSorted((a, b) => a.priority - b.priority);
  const groupOf = (pod: V1Pod): ShutdownPeriod | undefined =>
    ordered.findLast(({ priority }) => (pod.spec?.priority ?? 0) >= priority) ?? ordered[0];
  return ordered
    .map((period) => ({ ...period, pods: pods.filter((pod) => groupOf(pod) === period) }))
    .filter((group) => group.pods.length > 0);
}
