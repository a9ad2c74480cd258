import type { AdmissionNode, AdmissionPod, Rejection } from "./pod.ts";
import { isEnding } from "./pod-kind.ts";
import { predicateRejectionOf } from "./predicates.ts";
import { pressureRejectionOf } from "./pressure.ts";
import { forbiddenSysctlOf } from "./sysctls.ts";
import { appArmorRejectionOf, platformRejectionOf, undeclaredFeatureOf } from "./unsupported-feature.ts";

/** What {@link admissionOf} decides by. */
export interface AdmissionInit {
  readonly pod: AdmissionPod;
  /** The Node object, the newest that is known: its allocatable, labels, taints, conditions, declared features. */
  readonly node: AdmissionNode;
  /** The pods that this node has admitted and that have not ended. The pod itself, by UID, is left out of account. */
  readonly activePods: readonly AdmissionPod[];
  /** Conditions of pressure that hold, in the order to name them. Default: those of the Node object's status. */
  readonly pressure?: readonly string[];
  /** Sysctls beside the safe ones that the node's owner allows: `allowedUnsafeSysctls`. */
  readonly allowedUnsafeSysctls?: readonly string[];
  /** Whether the node is going down. */
  readonly shuttingDown?: boolean;
}

const PRESSURES = ["MemoryPressure", "DiskPressure", "PIDPressure"];

/**
 * Whether this node takes `pod`: undefined, or the first reason against it, in the order, with the reasons and in the
 * words of the kubelet. `message` is what follows `Pod was rejected: ` in the pod's status. A pod that has ended or
 * is being deleted is not judged. Pure, and throws nothing: what cannot be read is a reason, too
 * (`UnexpectedAdmissionError`). Specs are not to be changed once they were given: what they request is remembered.
 */
export function admissionOf(init: AdmissionInit): Rejection | undefined {
  try {
    return isEnding(init.pod) ? undefined : rejectionOf(init);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { reason: "UnexpectedAdmissionError", message: `The pod cannot be judged: ${why}` };
  }
}

function rejectionOf(init: AdmissionInit): Rejection | undefined {
  const { pod, node } = init;
  const uid = pod.metadata?.uid;
  const others = init.activePods.filter(
    (other) => other !== pod && (uid === undefined || other.metadata?.uid !== uid),
  );
  return (
    pressureRejectionOf(pod, init.pressure ?? pressureOf(node)) ??
    forbiddenSysctlOf(pod, init.allowedUnsafeSysctls ?? []) ??
    platformRejectionOf(pod, node) ??
    predicateRejectionOf(pod, node, others) ??
    appArmorRejectionOf(pod) ??
    undeclaredFeatureOf(pod, node) ??
    (init.shuttingDown === true
      ? { reason: "NodeShutdown", message: "Pod was rejected as the node is shutting down." }
      : undefined)
  );
}

function pressureOf({ status }: AdmissionNode): readonly string[] {
  const holding = (status?.conditions ?? []).filter((each) => each.status === "True").map(({ type }) => type);
  return PRESSURES.filter((type) => holding.includes(type));
}
