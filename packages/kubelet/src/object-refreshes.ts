import { objectsNamedBy } from "@krustlet/environment";
import type { ObjectKey } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";
import { Observable } from "rxjs";
import type { Subscriber } from "rxjs";

import { podKeyOf } from "./container-plan.ts";

/** The kind of what says which runtime runs a pod; it is in no namespace. */
export const RUNTIME_CLASS = "RuntimeClass";

/** From changes of objects to the pods that name them, without asking all pods at each change. */
export interface ObjectRefreshes {
  /** Emits the object that `pod` names and that has changed; undefined where any may have. */
  changesFor(pod: V1Pod): Observable<ObjectKey | undefined>;
  /** Tells of a change; undefined where nobody knows of what. */
  changed(object: ObjectKey | undefined): void;
}

/** Makes one of these, with nobody who listens. */
export function createObjectRefreshes(): ObjectRefreshes {
  const listeners = new Map<string, Set<Subscriber<ObjectKey | undefined>>>();
  const all = new Set<Subscriber<ObjectKey | undefined>>();
  return {
    changesFor: (pod) =>
      new Observable((subscriber) => {
        const keys = keysOf(pod);
        all.add(subscriber);
        for (const key of keys) {
          const known = listeners.get(key) ?? new Set();
          listeners.set(key, known.add(subscriber));
        }
        return () => {
          all.delete(subscriber);
          for (const key of keys) {
            const known = listeners.get(key);
            known?.delete(subscriber);
            if (known?.size === 0) listeners.delete(key);
          }
        };
      }),
    changed: (object) => {
      const told = object === undefined ? all : listeners.get(keyOf(object));
      for (const listener of told ?? []) listener.next(object);
    },
  };
}

function keysOf(pod: V1Pod): readonly string[] {
  const { namespace } = podKeyOf(pod);
  const { runtimeClassName } = pod.spec ?? {};
  const named = objectsNamedBy(pod).map(({ kind, name }) => keyOf({ kind, namespace, name }));
  return runtimeClassName
    ? [...named, keyOf({ kind: RUNTIME_CLASS, namespace: "", name: runtimeClassName })]
    : named;
}

function keyOf({ kind, namespace, name }: ObjectKey): string {
  return `${kind}/${namespace}/${name}`;
}
