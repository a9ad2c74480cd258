import type { V1Pod, V1PodStatus } from "@kubernetes/client-node";

/** What `patchPodStatus` takes: a `V1PodStatus`, or the status of `@krustlet/pod-machine`. */
export type StatusOf = Omit<V1PodStatus, "conditions" | "containerStatuses" | "initContainerStatuses"> & {
  readonly conditions?: readonly ConditionOf[];
  readonly containerStatuses?: readonly object[];
  readonly initContainerStatuses?: readonly object[];
};

interface ConditionOf {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: Date;
  readonly observedGeneration?: number;
}

/** A strategic merge patch of `pods/<name>/status`. */
export interface PodStatusPatch {
  /** The API server refuses the patch where the pod of the name is another one. */
  readonly metadata: { readonly uid: string };
  readonly status: Readonly<Record<string, unknown>>;
}

/** Conditions that are the kubelet's to write. `DisruptionTarget` is others' too: it is written, never removed. */
const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  "PodResizePending",
  "PodResizeInProgress",
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
  "AllContainersRestarting",
]);

/** Fields that go when the status has them no more. */
const CLEARED = ["reason", "message"] as const;
const IPS = ["hostIPs", "podIPs"] as const;

/**
 * Pure: the patch that makes a pod's status the kubelet's, and leaves alone what is others': their conditions, resource
 * claims, `nominatedNodeName`. Conditions merge by type and addresses by `ip`, so that what a field or an element of
 * them must lose is said; everything else is replaced.
 *
 * @param known - the pod as it was seen last; it need not be the newest
 */
export function planStatusPatch(known: V1Pod, status: StatusOf): PodStatusPatch {
  const conditions = (status.conditions ?? [])
    .filter(({ type }) => OWN_CONDITIONS.has(type) || isOurDisruption(type, status))
    .map((condition) => ({ reason: null, message: null, ...withoutUndefined(condition) }));
  const kept = new Set((status.conditions ?? []).map(({ type }) => type));
  const gone = (known.status?.conditions ?? [])
    .filter(({ type }) => OWN_CONDITIONS.has(type) && !kept.has(type))
    .map(({ type }) => ({ $patch: "delete", type }));
  const {
    resourceClaimStatuses: _,
    nominatedNodeName: __,
    extendedResourceClaimStatus: ___,
    ...own
  } = status;
  const patch: Record<string, unknown> = { ...own };
  for (const field of CLEARED) patch[field] ??= null;
  for (const field of IPS) {
    if (hasForeignAddress(known, status, field))
      patch[field] = [...(status[field] ?? []), { $patch: "replace" }];
  }
  if (status.conditions !== undefined) patch["conditions"] = [...conditions, ...gone];
  return { metadata: { uid: known.metadata?.uid ?? "" }, status: patch };
}

/** Pure: whether a pod has an address that its status no longer has; merging by `ip` keeps it. */
export function hasForeignAddress(known: V1Pod, status: StatusOf, field: (typeof IPS)[number]): boolean {
  const wanted = status[field];
  if (wanted === undefined) return false;
  return (known.status?.[field] ?? []).some(({ ip }) => !wanted.some((own) => own.ip === ip));
}

function isOurDisruption(type: string, status: StatusOf): boolean {
  if (type !== "DisruptionTarget") return false;
  return status.conditions?.some((c) => c.type === type && c.reason === "TerminationByKubelet") ?? false;
}

function withoutUndefined(condition: ConditionOf): Partial<ConditionOf> {
  return Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== undefined));
}
