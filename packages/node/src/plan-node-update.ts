import { isDeepStrictEqual } from "node:util";
import type { V1Node, V1NodeAddress, V1NodeCondition, V1NodeStatus } from "@kubernetes/client-node";

/** A strategic merge patch of `nodes/<name>/status`: plain data, as it goes over the wire once dates are text. */
export interface NodePatch {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: NodeStatusPatch;
}

type Replaced =
  | "nodeInfo"
  | "daemonEndpoints"
  | "images"
  | "declaredFeatures"
  | "runtimeHandlers"
  | "features";

/** The status in a {@link NodePatch}; null removes a resource. */
export interface NodeStatusPatch extends Pick<V1NodeStatus, Replaced> {
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

const REPLACED: readonly Replaced[] = [
  "nodeInfo",
  "daemonEndpoints",
  "images",
  "declaredFeatures",
  "runtimeHandlers",
  "features",
];

/** Resources that are the kubelet's to say; others may have been advertised by somebody else, and stay. */
const OWN_RESOURCE = /^(?:cpu|memory|ephemeral-storage|pods|hugepages-.+)$/;

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
  const annotations = differing(existing.metadata?.annotations, desired.metadata?.annotations);
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
    (field) => desired[field] !== undefined && !sameValue(existing[field], desired[field]),
  );
  return {
    ...(capacity && { capacity }),
    ...(allocatable && { allocatable }),
    ...(conditions.length > 0 && {
      "$setElementOrder/conditions": (desired.conditions ?? []).map(({ type }) => ({ type })),
      conditions,
    }),
    ...(desired.addresses !== undefined &&
      !sameValue(existing.addresses, desired.addresses) && {
        // Merging by type would keep an address that is no longer the node's.
        addresses: [...desired.addresses, { $patch: "replace" as const }],
      }),
    ...Object.fromEntries(replaced.map((field) => [field, desired[field]])),
  };
}

function differing(
  existing: Readonly<Record<string, string>> = {},
  desired: Readonly<Record<string, string>> = {},
): Record<string, string> | undefined {
  const entries = Object.entries(desired).filter(([key, value]) => existing[key] !== value);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function resources(
  existing: Readonly<Record<string, string>> = {},
  desired: Readonly<Record<string, string>> = {},
): Record<string, string | null> | undefined {
  const gone = Object.keys(existing).filter((name) => OWN_RESOURCE.test(name) && !(name in desired));
  const changed = differing(existing, desired);
  if (gone.length === 0 && changed === undefined) return undefined;
  return { ...changed, ...Object.fromEntries(gone.map((name) => [name, null])) };
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

/** Equality as JSON: a class instance of the client's is what its fields say; an empty list is no list. */
function sameValue(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): unknown =>
    value === undefined || (Array.isArray(value) && value.length === 0)
      ? null
      : (JSON.parse(JSON.stringify(value)) as unknown);
  return isDeepStrictEqual(plain(a), plain(b));
}
