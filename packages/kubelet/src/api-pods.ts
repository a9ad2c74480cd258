import type { V1Pod } from "@kubernetes/client-node";
import { concatMap, from, Observable } from "rxjs";

import { podKeyOf } from "./container-plan.ts";
import type { PodChange, SourceChange } from "./kubelet-init.ts";
import { CONFIG_SOURCE } from "./static-pod.ts";

/** What a watch of the API server tells of its objects. */
export type ObjectChange<T> =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: T }
  | {
      /** Everything that there was has been told. */
      readonly type: "synced";
    };

/** However a pod ends, its guests are asked to first: the kubelet's floor. */
const LEAST_GRACE_SECONDS = 1;

/**
 * The pods that the API server has given to this node, as a source. Those of the first list come in the order in which
 * they were created, so that they are admitted in it. A pod with a `deletionTimestamp` is an update like any other; one
 * whose object is gone is removed with the least grace period, and so is one whose name a new one has.
 */
export function apiPods(changes$: Observable<ObjectChange<V1Pod>>): Observable<SourceChange> {
  return new Observable<readonly SourceChange[]>((subscriber) => {
    const reader = createReader();
    return changes$.subscribe({
      next: (change) => subscriber.next(reader(change)),
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  }).pipe(concatMap((changes) => from(changes)));
}

function createReader(): (change: ObjectChange<V1Pod>) => readonly SourceChange[] {
  /** The pod that has each name now. */
  const known = new Map<string, V1Pod>();
  let listed = false;
  const read = (type: "added" | "modified" | "deleted", pod: V1Pod): readonly PodChange[] => {
    const { namespace, name, uid } = podKeyOf(pod);
    const key = `${namespace}/${name}`;
    const before = known.get(key);
    const same = before !== undefined && podKeyOf(before).uid === uid;
    if (type === "deleted") {
      if (same) known.delete(key);
      return [{ type: "removed", pod, gracePeriodSeconds: LEAST_GRACE_SECONDS }];
    }
    known.set(key, pod);
    if (same) return [{ type: "updated", pod }];
    if (before === undefined) return [{ type: "added", pod }];
    return [
      { type: "removed", pod: before, gracePeriodSeconds: LEAST_GRACE_SECONDS },
      { type: "added", pod },
    ];
  };
  return (change) => {
    if (change.type !== "synced") {
      const changes = read(change.type, fromApi(change.object));
      return listed ? changes : [];
    }
    if (listed) return [];
    listed = true;
    const pods = [...known.values()].toSorted(byCreation);
    return [...pods.map((pod): PodChange => ({ type: "added", pod })), { type: "synced" }];
  };
}

/** Where a pod comes from is not for its author to say: as the kubelet does it, whoever brings it writes that down. */
function fromApi(pod: V1Pod): V1Pod {
  const { annotations } = pod.metadata ?? {};
  if (annotations === undefined || (annotations[CONFIG_SOURCE] ?? "api") === "api") return pod;
  const { apiVersion, kind, metadata, spec, status } = pod;
  const told = { annotations: { ...annotations, [CONFIG_SOURCE]: "api" } };
  return { apiVersion, kind, metadata: Object.assign({}, metadata, told), spec, status };
}

function byCreation(a: V1Pod, b: V1Pod): number {
  const order = createdAt(a) - createdAt(b);
  return order === 0 ? Math.sign(podKeyOf(a).name.localeCompare(podKeyOf(b).name)) : order;
}

function createdAt({ metadata }: V1Pod): number {
  const time = metadata?.creationTimestamp?.getTime() ?? 0;
  return Number.isNaN(time) ? 0 : time;
}
