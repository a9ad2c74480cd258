import type { V1Node } from "@kubernetes/client-node";

/** An Event about a node, as far as it does not depend on who records it. */
export interface NodeEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** `condition: [reason when True, reason when not]` */
const FLIPS: Readonly<Record<string, readonly [string, string]>> = {
  MemoryPressure: ["NodeHasInsufficientMemory", "NodeHasSufficientMemory"],
  DiskPressure: ["NodeHasDiskPressure", "NodeHasNoDiskPressure"],
  PIDPressure: ["NodeHasInsufficientPID", "NodeHasSufficientPID"],
  Ready: ["NodeReady", "NodeNotReady"],
};

/**
 * Pure: the Events that follow from a Node's change, the kubelet's own: a condition of its that flipped, another boot,
 * cordoned or not.
 *
 * @param before - undefined for a kubelet that has just started, whose first Event is `Starting`
 */
export function nodeEventsOf(before: V1Node | undefined, after: V1Node): NodeEvent[] {
  const name = after.metadata?.name ?? "";
  const events: NodeEvent[] = [];
  const tell = (reason: string): void => {
    events.push({ type: "Normal", reason, message: `Node ${name} status is now: ${reason}` });
  };
  if (before === undefined) events.push({ type: "Normal", reason: "Starting", message: "Starting kubelet." });
  const old = before?.status?.nodeInfo?.bootID ?? "";
  const boot = after.status?.nodeInfo?.bootID ?? "";
  if (old !== "" && boot !== "" && old !== boot) {
    const message = `Node ${name} has been rebooted, boot id: ${boot}`;
    events.push({ type: "Warning", reason: "Rebooted", message });
  }
  for (const [type, [whenTrue, otherwise]] of Object.entries(FLIPS)) {
    const is = statusOf(after, type);
    const was = before === undefined ? undefined : statusOf(before, type);
    // As the kubelet does: a first readiness is no flip, a first pressure condition is told.
    if (is === undefined || is === was || (type === "Ready" && was === undefined)) continue;
    tell(is === "True" ? whenTrue : otherwise);
  }
  const cordoned = after.spec?.unschedulable === true;
  if (before !== undefined && cordoned !== (before.spec?.unschedulable === true)) {
    tell(cordoned ? "NodeNotSchedulable" : "NodeSchedulable");
  }
  return events;
}

function statusOf(node: V1Node, type: string): string | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type)?.status;
}
