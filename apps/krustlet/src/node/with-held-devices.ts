import { compareQuantities, parseQuantity } from "@krustlet/quantity";
import type { V1Node } from "@kubernetes/client-node";

/**
 * Pure: the Node as admission is to see it: with at least the devices that pods of it hold. Where a plugin has not
 * registered again, the Node has none of them, and the pods that had some before a restart would be refused.
 */
export function withHeldDevices(node: V1Node, held: Readonly<Record<string, string>>): V1Node {
  const allocatable = node.status?.allocatable ?? {};
  const raised = Object.entries(held).filter(([resource, amount]) => {
    const told = allocatable[resource];
    return told === undefined || compareQuantities(parseQuantity(told), parseQuantity(amount)) < 0;
  });
  if (raised.length === 0) return node;
  const status = Object.assign({}, node.status, {
    allocatable: { ...allocatable, ...Object.fromEntries(raised) },
  });
  return Object.assign({}, node, { status });
}
