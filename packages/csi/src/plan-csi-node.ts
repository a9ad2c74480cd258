import type { CsiNodeDriver, CsiNodeObject } from "./cluster.ts";
import type { NodeInfo } from "./parse-node-info.ts";

/** Whose CSINode it is: the Node of the same name. */
export interface CsiNodeOwner {
  readonly name: string;
  readonly uid: string;
}

/** Pure: a driver, as a CSINode tells it. */
export function csiNodeDriverOf(name: string, { nodeId, maxVolumes, topology }: NodeInfo): CsiNodeDriver {
  const topologyKeys = Object.keys(topology).toSorted();
  return {
    name,
    nodeID: nodeId,
    ...(topologyKeys.length > 0 && { topologyKeys }),
    ...(maxVolumes !== undefined && { allocatable: { count: maxVolumes } }),
  };
}

/**
 * Pure: the node's CSINode with that driver (`undefined`: without the one of that name); what it says of others is
 * kept. Undefined where it says so already.
 */
export function planCsiNode(
  existing: CsiNodeObject | undefined,
  owner: CsiNodeOwner,
  name: string,
  driver: CsiNodeDriver | undefined,
): CsiNodeObject | undefined {
  const drivers = existing?.spec?.drivers ?? [];
  const before = drivers.find((each) => each.name === name);
  if (existing !== undefined && sameDriver(before, driver)) return undefined;
  if (existing === undefined && driver === undefined) return undefined;
  const others = drivers.filter((each) => each.name !== name);
  const spec = { drivers: driver === undefined ? others : [...others, driver] };
  if (existing !== undefined) return { ...existing, spec };
  const ownerReferences = [{ apiVersion: "v1", kind: "Node", name: owner.name, uid: owner.uid }];
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSINode",
    metadata: { name: owner.name, ownerReferences },
    spec,
  };
}

function sameDriver(a: CsiNodeDriver | undefined, b: CsiNodeDriver | undefined): boolean {
  return JSON.stringify(partsOf(a)) === JSON.stringify(partsOf(b));
}

function partsOf(driver: CsiNodeDriver | undefined): unknown {
  if (driver === undefined) return undefined;
  return [driver.name, driver.nodeID, driver.topologyKeys ?? [], driver.allocatable?.count ?? 0];
}
