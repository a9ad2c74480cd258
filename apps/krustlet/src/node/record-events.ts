import type { EventObject, EventRecorder } from "@krustlet/kube";
import type { PodKey } from "@krustlet/interface";
import type { PodTransition } from "@krustlet/kubelet";
import type { NodeEvent } from "@krustlet/node";
import { eventsOf } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";

/** Records the Kubernetes Events of one step of a pod. */
export function recordStep(recorder: EventRecorder, { pod, event, previous, state }: PodTransition): void {
  for (const { type, reason, message, fieldPath } of eventsOf(previous, state)) {
    const isEviction = event.type === "evicted" && fieldPath === undefined && reason === event.reason;
    const annotations = isEviction ? event.annotations : undefined;
    recorder.record({ object: podObjectOf(pod), type, reason, message, fieldPath, annotations });
  }
}

/** Records what is wrong with a pod and no step of it. */
export function recordWarning(
  recorder: EventRecorder,
  { namespace, name, uid }: PodKey,
  { reason, message }: { readonly reason: string; readonly message: string },
): void {
  const object = { apiVersion: "v1", kind: "Pod", namespace, name, uid };
  recorder.record({ object, type: "Warning", reason, message });
}

/** Records what happened to the node itself. Its UID is its name, as the kubelet has it: so `kubectl describe` finds it. */
export function recordNodeEvent(recorder: EventRecorder, nodeName: string, event: NodeEvent): void {
  recorder.record({ object: { apiVersion: "v1", kind: "Node", name: nodeName, uid: nodeName }, ...event });
}

function podObjectOf({ metadata }: V1Pod): EventObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    namespace: metadata?.namespace,
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    resourceVersion: metadata?.resourceVersion,
  };
}
