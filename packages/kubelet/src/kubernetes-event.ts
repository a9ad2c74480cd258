import { eventsOf } from "@krustlet/pod-machine";
import type { PodEventRecord } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";

import { messageOf } from "./failure-reason.ts";
import type { PodFailure } from "./kubelet-init.ts";
import type { PodTransition } from "./run-pod.ts";

/** A Kubernetes Event that is to be written; whoever does adds the source and the time. */
export interface PodKubernetesEvent extends PodEventRecord {
  readonly involvedObject: {
    readonly apiVersion: "v1";
    readonly kind: "Pod";
    readonly namespace: string | undefined;
    readonly name: string | undefined;
    readonly uid: string | undefined;
    readonly resourceVersion: string | undefined;
    readonly fieldPath: string | undefined;
  };
}

/** The Events of one step of a pod. */
export function kubernetesEventsOf({ pod, previous, state }: PodTransition): readonly PodKubernetesEvent[] {
  return eventsOf(previous, state).map((record) => about(pod, record));
}

/** The Event of something that did not work, where no step of the pod tells of it. */
export function kubernetesEventOfFailure(pod: V1Pod, failure: PodFailure): PodKubernetesEvent | undefined {
  if (failure.action !== "kill" && failure.action !== "terminate") return undefined;
  const message = `error killing pod: failed to "KillContainer" for "${failure.container}" with KillContainerError: ${messageOf(failure.error)}`;
  return about(pod, { type: "Warning", reason: "FailedKillPod", message });
}

function about({ metadata }: V1Pod, record: PodEventRecord): PodKubernetesEvent {
  const { namespace, name, uid, resourceVersion } = metadata ?? {};
  const { fieldPath } = record;
  const involvedObject = {
    apiVersion: "v1",
    kind: "Pod",
    namespace,
    name,
    uid,
    resourceVersion,
    fieldPath,
  } as const;
  return { ...record, involvedObject };
}
