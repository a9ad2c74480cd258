import type { AdmissionNode, AdmissionPod, Rejection } from "./pod.ts";
import { amountsOf, podRequestsOf } from "./pod-requests.ts";
import type { Amounts } from "./pod-requests.ts";

const NANO = 1_000_000_000n;
const COUNTED_FIRST = ["cpu", "memory", "ephemeral-storage"];

/** A resource of which the node has too little left, in the unit that is compared: thousandths of a core, or whole ones. */
export interface Shortage {
  readonly resource: string;
  readonly requested: bigint;
  readonly used: bigint;
  readonly capacity: bigint;
}

/**
 * The resources of which the node has too little left: places for pods, CPU, memory, disk, then the others by name.
 * Extended resources that the node does not know are somebody else's to give, and are not counted.
 * @throws KrustletError `InvalidField` where a quantity of the pod or the node is none.
 */
export function shortagesOf(
  pod: AdmissionPod,
  node: AdmissionNode,
  others: readonly AdmissionPod[],
): readonly Shortage[] {
  const allocatable = amountsOf(node.status?.allocatable, "the node");
  const places = whole("pods", allocatable.get("pods") ?? 0n);
  const count = BigInt(others.length);
  const shortages: Shortage[] =
    count + 1n > places ? [{ resource: "pods", requested: 1n, used: count, capacity: places }] : [];
  const requests = podRequestsOf(pod);
  if ([...requests.values()].every((amount) => amount <= 0n)) return shortages;
  const counted = [...requests.keys()].filter((resource) => isCounted(resource, allocatable));
  for (const resource of counted.toSorted(byOrder)) {
    const requested = whole(resource, requests.get(resource) ?? 0n);
    const used = others.reduce((sum, other) => sum + requestOf(other, resource), 0n);
    const capacity = whole(resource, allocatable.get(resource) ?? 0n);
    if (requested > 0n && requested > capacity - used)
      shortages.push({ resource, requested, used, capacity });
  }
  return shortages;
}

/** Why a pod is refused for want of a resource. */
export function rejectionOfShortage({ resource, requested, used, capacity }: Shortage): Rejection {
  return {
    reason: `OutOf${resource}`,
    message:
      `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, ` +
      `capacity: ${capacity}`,
  };
}

/** What a pod that is there takes of a resource, in the unit that is compared; a pod is one place. */
export function requestOf(pod: AdmissionPod, resource: string): bigint {
  return resource === "pods" ? 1n : whole(resource, requestsWhereReadable(pod).get(resource) ?? 0n);
}

/** In the unit that is compared: thousandths of a core, or whole ones; rounded up. */
function whole(resource: string, nano: bigint): bigint {
  const unit = resource === "cpu" ? NANO / 1000n : NANO;
  return nano <= 0n ? nano / unit : (nano + unit - 1n) / unit;
}

/** Requests of the pods that are there: asked for again with each pod that comes. */
const KNOWN = new WeakMap<object, Amounts>();

/** A pod that runs already is not to stand in another's way because of what it says wrong. */
function requestsWhereReadable(pod: AdmissionPod): Amounts {
  const { spec } = pod;
  if (typeof spec !== "object" || spec === null) return new Map();
  const requests = KNOWN.get(spec) ?? readable(pod);
  KNOWN.set(spec, requests);
  return requests;
}

function readable(pod: AdmissionPod): Amounts {
  try {
    return podRequestsOf(pod);
  } catch {
    return new Map();
  }
}

function isCounted(resource: string, capacity: Amounts): boolean {
  if (COUNTED_FIRST.includes(resource)) return true;
  if (resource.startsWith("hugepages-") || resource.startsWith("attachable-volumes-")) return true;
  if (resource.includes("kubernetes.io/")) return true;
  return resource.includes("/") && !resource.startsWith("requests.") && capacity.has(resource);
}

function byOrder(a: string, b: string): number {
  const rank = (resource: string): number => {
    const at = COUNTED_FIRST.indexOf(resource);
    return at === -1 ? COUNTED_FIRST.length : at;
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}
