import type { V1Node } from "@kubernetes/client-node";

/** An Event about a node, as far as it does not depend on who records it. */
export interface NodeEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** Options of {@link nodeEventsOf}. */
export interface NodeEventsOptions {
  /** The node has just started: it says so, and which pressures it is under or not. Default: false. */
  readonly started?: boolean;
}

/** `condition: [reason when True, reason when not]` */
const FLIPS: Readonly<Record<string, readonly [string, string]>> = {
  MemoryPressure: ["NodeHasInsufficientMemory", "NodeHasSufficientMemory"],
  DiskPressure: ["NodeHasDiskPressure", "NodeHasNoDiskPressure"],
  PIDPressure: ["NodeHasInsufficientPID", "NodeHasSufficientPID"],
  Ready: ["NodeReady", "NodeNotReady"],
};

/**
 * Pure: the Events that follow from a Node's change, the kubelet's own: a condition of its that flipped, another boot.
 * A first pressure condition is told, a first readiness is not; a node that has just started tells its pressures even
 * where the Node has them already.
 */
export function nodeEventsOf(before: V1Node, after: V1Node, options: NodeEventsOptions = {}): NodeEvent[] {
  const { started = false } = options;
  const events: NodeEvent[] = [];
  if (started) events.push({ type: "Normal", reason: "Starting", message: "Starting kubelet." });
  const old = before.status?.nodeInfo?.bootID ?? "";
  const boot = after.status?.nodeInfo?.bootID ?? "";
  if (old !== "" && boot !== "" && old !== boot) {
    const message = `Node ${nameOf(after)} has been rebooted, boot id: ${boot}`;
    events.push({ type: "Warning", reason: "Rebooted", message });
  }
  for (const [type, [whenTrue, otherwise]] of Object.entries(FLIPS)) {
    const is = statusOf(after, type);
    const was = started && type !== "Ready" ? undefined : statusOf(before, type);
    if (is === undefined || is === was || (type === "Ready" && was === undefined)) continue;
    events.push(statusEvent(after, is === "True" ? whenTrue : otherwise));
  }
  return events;
}

/** Pure: the Event of a node that was cordoned, or is no more. */
export function cordonEventOf(wasCordoned: boolean, node: V1Node): NodeEvent | undefined {
  const cordoned = isCordoned(node);
  if (cordoned === wasCordoned) return undefined;
  return statusEvent(node, cordoned ? "NodeNotSchedulable" : "NodeSchedulable");
}

/** Whether no more pods are to be placed on a node. */
export function isCordoned(node: V1Node): boolean {
  return node.spec?.unschedulable === true;
}

function statusEvent(node: V1Node, reason: string): NodeEvent {
  return { type: "Normal", reason, message: `Node ${nameOf(node)} status is now: ${reason}` };
}

function nameOf(node: V1Node): string {
  return node.metadata?.name ?? "";
}

function statusOf(node: V1Node, type: string): string | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type)?.status;
}
