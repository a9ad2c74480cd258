import type { ObjectChange } from "@krustlet/kube";
import { keyOf } from "@krustlet/kube";
import type { WatchedObject } from "@krustlet/kube";
import { Subject } from "rxjs";
import type { Observable } from "rxjs";

/** The objects of a watch as they are now. Disposing ends the watch. */
export interface FollowedObjects<T> extends Disposable {
  values(): readonly T[];
  /** Each object that has changed, or went, once {@link values} says so. */
  readonly changed$: Observable<T>;
  /** Resolves once all that there were have been told; rejects with the signal's reason, or when it is disposed. */
  synced(signal: AbortSignal): Promise<void>;
}

/** Follows a watch from now on, and keeps what is there. */
export function followObjects<T extends WatchedObject>(
  changes$: Observable<ObjectChange<T>>,
): FollowedObjects<T> {
  const objects = new Map<string, T>();
  const changed$ = new Subject<T>();
  const synced = Promise.withResolvers<void>();
  // Who waits for it is told; nobody need wait.
  synced.promise.catch(() => undefined);
  let values: readonly T[] | undefined;
  const following = changes$.subscribe((change) => {
    if (change.type === "synced") return synced.resolve();
    values = undefined;
    if (change.type === "deleted") objects.delete(keyOf(change.object));
    else objects.set(keyOf(change.object), change.object);
    changed$.next(change.object);
  });
  return {
    changed$: changed$.asObservable(),
    values: () => (values ??= [...objects.values()]),
    synced: async (signal) => {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const abort = (): void => aborted.reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      try {
        await Promise.race([synced.promise, aborted.promise]);
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    [Symbol.dispose]: () => {
      following.unsubscribe();
      synced.reject(new Error("the watch has ended"));
    },
  };
}
