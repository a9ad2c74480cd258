import type { V1Lease } from "@kubernetes/client-node";

/** How long a node's Lease is good by default: the kubelet's `nodeLeaseDurationSeconds`. */
export const LEASE_SECONDS = 40;
/** The namespace of all nodes' Leases. */
export const LEASE_NAMESPACE = "kube-node-lease";

/** The Node that a Lease belongs to. */
export interface LeaseOwner {
  readonly name: string;
  /** The Node object's UID; undefined while it is not known, then the Lease's owners are left as they are. */
  readonly uid: string | undefined;
}

/** A date that is written with microseconds, which the API server insists on in a Lease (`MicroTime`). */
class MicroTime extends Date {
  override toISOString(): string {
    return `${super.toISOString().slice(0, -1)}000Z`;
  }
}

/** The last instant that the API server can write. */
const LAST_INSTANT = Date.UTC(9999, 11, 31);

/**
 * Pure: a node's Lease, renewed now; where its last renewal is in the future, because the clock was set back, just after
 * that: Kubernetes' node controller takes no notice of renewals that are not later, and would call the node dead. Made of the one that the API server has, so that it is replaced only if nobody
 * else replaced it meanwhile; made anew where there is none.
 *
 * @param seconds - how long it is good
 */
export function planLease(
  current: V1Lease | undefined,
  node: LeaseOwner,
  now: Date,
  seconds: number = LEASE_SECONDS,
): V1Lease {
  const metadata = current?.metadata ?? { name: node.name, namespace: LEASE_NAMESPACE };
  const owner =
    node.uid === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node.name, uid: node.uid }] };
  const renewal = {
    holderIdentity: node.name,
    leaseDurationSeconds: seconds,
    renewTime: new MicroTime(renewTimeOf(current?.spec?.renewTime, now)),
  };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: Object.assign({}, metadata, owner),
    spec: Object.assign({}, current?.spec, renewal),
  };
}

function renewTimeOf(last: Date | undefined, now: Date): number {
  const next = Math.max(now.getTime(), (last?.getTime() ?? 0) + 1);
  return next < LAST_INSTANT ? next : now.getTime();
}
