import {
  concatMap,
  EMPTY,
  filter,
  finalize,
  groupBy,
  mergeMap,
  ReplaySubject,
  skip,
  Subject,
  take,
} from "rxjs";
import type { Observable, OperatorFunction } from "rxjs";

import { podKeyOf } from "./container-plan.ts";
import type { PodChange } from "./kubelet-init.ts";

/** Runs one pod, from its first version on. */
export type Live<T> = (first: PodChange, rest$: Observable<PodChange>) => Observable<T>;

/**
 * Runs each pod of a stream of changes: those of different names side by side, those of one name one after the other.
 * A replacement (same name, new UID) waits until its predecessor's life is complete. What is over is forgotten.
 */
export function byName<T>(live: Live<T>): OperatorFunction<PodChange, T> {
  return (changes$) => {
    const over$ = new Subject<string>();
    const idle$ = new Subject<string>();
    const living = new Map<string, number>();
    const begin = (name: string): void => void living.set(name, (living.get(name) ?? 0) + 1);
    const end = (name: string, uid: string): void => {
      over$.next(uid);
      const left = (living.get(name) ?? 1) - 1;
      if (left > 0) living.set(name, left);
      else {
        living.delete(name);
        idle$.next(name);
      }
    };
    return changes$.pipe(
      groupBy(({ pod }) => `${podKeyOf(pod).namespace}/${podKeyOf(pod).name}`, {
        duration: (group$) => idle$.pipe(filter((name) => name === group$.key)),
      }),
      mergeMap((sameName$) =>
        sameName$.pipe(
          groupBy(({ pod }) => podKeyOf(pod).uid, {
            duration: (group$) => over$.pipe(filter((uid) => uid === group$.key)),
            connector: () => {
              begin(sameName$.key);
              // A replacement waits in here; of a pod that waits only the newest change counts.
              return new ReplaySubject<PodChange>(1);
            },
          }),
          concatMap((samePod$) =>
            samePod$.pipe(
              take(1),
              mergeMap((first) => (first.type === "removed" ? EMPTY : live(first, samePod$.pipe(skip(1))))),
              finalize(() => end(sameName$.key, samePod$.key)),
            ),
          ),
        ),
      ),
    );
  };
}
