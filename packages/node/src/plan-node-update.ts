import { isDeepStrictEqual } from "node:util";
import type { V1Node, V1NodeAddress, V1NodeCondition, V1NodeStatus } from "@kubernetes/client-node";
import { parseQuantity } from "@krustlet/quantity";
import { differencesOf, plainOf } from "./differences-of.ts";

/** A strategic merge patch of `nodes/<name>/status`: plain data, as it goes over the wire once dates are text. */
export interface NodePatch {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    /** null removes an annotation. */
    readonly annotations?: Readonly<Record<string, string | null>>;
  };
  readonly status?: NodeStatusPatch;
}

/** Lists that a patch replaces as a whole. */
type Replaced = "images" | "declaredFeatures" | "runtimeHandlers";
/** Objects that a patch merges, so that what is to go must be named. */
type Merged = "nodeInfo" | "daemonEndpoints" | "features";

/** The status in a {@link NodePatch}; null removes what it stands for. */
export interface NodeStatusPatch
  extends Pick<V1NodeStatus, Replaced>, Readonly<Partial<Record<Merged, Readonly<Record<string, unknown>>>>> {
  readonly capacity?: Readonly<Record<string, string | null>>;
  readonly allocatable?: Readonly<Record<string, string | null>>;
  readonly conditions?: readonly V1NodeCondition[];
  readonly "$setElementOrder/conditions"?: readonly { readonly type: string }[];
  readonly addresses?: readonly (V1NodeAddress | { readonly $patch: "replace" })[];
}

/** Options of {@link planNodeUpdate}. */
export interface NodeUpdateOptions {
  /** Sends every condition, even one of which nothing but the heartbeat changed. Default: false. */
  readonly heartbeat?: boolean;
}

const REPLACED: readonly Replaced[] = ["images", "declaredFeatures", "runtimeHandlers"];
const MERGED: readonly Merged[] = ["nodeInfo", "daemonEndpoints", "features"];

/** Resources that are the kubelet's to say; others may have been advertised by somebody else, and stay. */
const OWN_RESOURCE = /^(?:cpu|memory|ephemeral-storage|pods|hugepages-.+)$/;

/** An annotation that is the kubelet's to set or to remove: whether Kubernetes' controller attaches its volumes. */
const ATTACHED_BY_CONTROLLER = "volumes.kubernetes.io/controller-managed-attach-detach";

/**
 * Pure: what brings a Node that exists already up to date: what differs and nothing else, or undefined. Labels,
 * annotations, conditions and resources that others added are left alone, as is the whole spec: the API server lets no
 * node change its own taints.
 */
export function planNodeUpdate(
  existing: V1Node,
  desired: V1Node,
  options: NodeUpdateOptions = {},
): NodePatch | undefined {
  const labels = differing(existing.metadata?.labels, desired.metadata?.labels);
  const annotations = annotationsUpdate(existing.metadata?.annotations, desired.metadata?.annotations);
  const metadata = { ...(labels && { labels }), ...(annotations && { annotations }) };
  const status = statusUpdate(existing.status ?? {}, desired.status ?? {}, options.heartbeat ?? false);
  const patch = {
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(Object.keys(status).length > 0 && { status }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function statusUpdate(existing: V1NodeStatus, desired: V1NodeStatus, heartbeat: boolean): NodeStatusPatch {
  const capacity = resources(existing.capacity, desired.capacity);
  const allocatable = resources(existing.allocatable, desired.allocatable);
  const conditions = (desired.conditions ?? []).filter(
    (condition) => heartbeat || conditionChanged(existing.conditions ?? [], condition),
  );
  const replaced = REPLACED.filter(
    (field) => desired[field] !== undefined && !sameList(existing[field], desired[field]),
  );
  const merged = MERGED.flatMap((field) => {
    const changes = desired[field] === undefined ? undefined : differencesOf(existing[field], desired[field]);
    return changes === undefined ? [] : [[field, changes] as const];
  });
  return {
    ...(capacity && { capacity }),
    ...(allocatable && { allocatable }),
    ...(conditions.length > 0 && {
      "$setElementOrder/conditions": (desired.conditions ?? []).map(({ type }) => ({ type })),
      conditions,
    }),
    ...(desired.addresses !== undefined &&
      !sameList(existing.addresses, desired.addresses) && {
        // Merging by type would keep an address that is no longer the node's.
        addresses: [...desired.addresses, { $patch: "replace" as const }],
      }),
    ...Object.fromEntries(replaced.map((field) => [field, desired[field]])),
    ...Object.fromEntries(merged),
  };
}

function differing(
  existing: Readonly<Record<string, string>> = {},
  desired: Readonly<Record<string, string>> = {},
): Record<string, string> | undefined {
  const entries = Object.entries(desired).filter(([key, value]) => existing[key] !== value);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function annotationsUpdate(
  existing: Readonly<Record<string, string>> = {},
  desired: Readonly<Record<string, string>> = {},
): Record<string, string | null> | undefined {
  const changed = differing(existing, desired);
  if (!(ATTACHED_BY_CONTROLLER in existing) || ATTACHED_BY_CONTROLLER in desired) return changed;
  return { ...changed, [ATTACHED_BY_CONTROLLER]: null };
}

function resources(
  existing: Readonly<Record<string, string>> = {},
  desired: Readonly<Record<string, string>> = {},
): Record<string, string | null> | undefined {
  const gone = Object.keys(existing).filter((name) => OWN_RESOURCE.test(name) && !(name in desired));
  const changed = Object.entries(desired).filter(([name, amount]) => !sameAmount(existing[name], amount));
  if (gone.length === 0 && changed.length === 0) return undefined;
  return { ...Object.fromEntries(changed), ...Object.fromEntries(gone.map((name) => [name, null])) };
}

/** The API server writes amounts in its own way: of `1000` it makes `1k`. */
function sameAmount(existing: string | undefined, desired: string): boolean {
  if (existing === undefined || existing === desired) return existing === desired;
  return parseQuantity(existing).nano === parseQuantity(desired).nano;
}

function conditionChanged(existing: readonly V1NodeCondition[], condition: V1NodeCondition): boolean {
  const before = existing.find(({ type }) => type === condition.type);
  if (before === undefined) return true;
  const { status, reason, message, lastTransitionTime } = condition;
  return (
    before.status !== status ||
    before.reason !== reason ||
    before.message !== message ||
    before.lastTransitionTime?.getTime() !== lastTransitionTime?.getTime()
  );
}

/** The API server leaves an empty list out. */
function sameList(existing: readonly unknown[] = [], desired: readonly unknown[] = []): boolean {
  return isDeepStrictEqual(plainOf(existing), plainOf(desired));
}
