import type { V1NodeCondition } from "@kubernetes/client-node";
import type { ResourceAmounts } from "./node-resources.ts";

/** What the conditions of a node are made of. */
export interface NodeFacts {
  readonly memoryPressure: boolean;
  readonly diskPressure: boolean;
  readonly pidPressure: boolean;
  /** Why the node cannot run pods, a sentence each; empty where it can. */
  readonly errors: readonly string[];
  /** The node's capacity: a node that does not know its own is not ready. */
  readonly capacity: ResourceAmounts;
}

interface Wording {
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/** `[healthy, under pressure]` */
const PRESSURES = {
  MemoryPressure: [
    wording("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    wording("True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
  ],
  DiskPressure: [
    wording("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    wording("True", "KubeletHasDiskPressure", "kubelet has disk pressure"),
  ],
  PIDPressure: [
    wording("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    wording("True", "KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
  ],
} as const;

const REQUIRED = ["cpu", "memory", "pods", "ephemeral-storage"] as const;

/**
 * Pure: the four conditions that a kubelet owns, with its reasons and messages, `Ready` last. `lastHeartbeatTime` is
 * always now; `lastTransitionTime` moves only when the status does.
 *
 * @param previous - the conditions that the Node has; those of others are no matter here
 */
export function nodeConditionsOf(
  facts: NodeFacts,
  previous: readonly V1NodeCondition[],
  now: Date,
): V1NodeCondition[] {
  const seconds = new Date(Math.floor(now.getTime() / 1000) * 1000);
  const condition = (type: string, { status, reason, message }: Wording): V1NodeCondition => {
    const before = previous.find((other) => other.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return {
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: seconds,
      lastTransitionTime: since ?? seconds,
    };
  };
  return [
    condition("MemoryPressure", PRESSURES.MemoryPressure[facts.memoryPressure ? 1 : 0]),
    condition("DiskPressure", PRESSURES.DiskPressure[facts.diskPressure ? 1 : 0]),
    condition("PIDPressure", PRESSURES.PIDPressure[facts.pidPressure ? 1 : 0]),
    condition("Ready", readiness(facts)),
  ];
}

function readiness({ errors, capacity }: NodeFacts): Wording {
  const missing = REQUIRED.filter((name) => capacity[name] === undefined);
  const sentences = new Set(errors.filter((error) => error !== ""));
  if (missing.length > 0) sentences.add(`missing node capacity for resources: ${missing.join(", ")}`);
  if (sentences.size === 0) return wording("True", "KubeletReady", "kubelet is posting ready status");
  const texts = [...sentences];
  return wording("False", "KubeletNotReady", texts.length === 1 ? texts.join("") : `[${texts.join(", ")}]`);
}

function wording(status: Wording["status"], reason: string, message: string): Wording {
  return { status, reason, message };
}
