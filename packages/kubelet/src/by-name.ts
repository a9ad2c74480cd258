import { finalize, Observable, Subject, Subscription } from "rxjs";
import type { OperatorFunction } from "rxjs";

import { podKeyOf } from "./container-plan.ts";
import type { PodChange } from "./kubelet-init.ts";

/** Runs one pod, from its first version on. */
export type Live<T> = (first: PodChange, rest$: Observable<PodChange>) => Observable<T>;

/** The pods of one name: the one that lives, and those that wait for its end, each with its newest change. */
interface Line {
  uid: string;
  changes$: Subject<PodChange>;
  /** Whether the one that lives is on its way out: the same one, if it comes back, is a pod that waits. */
  removed: boolean;
  readonly waiting: Map<string, PodChange>;
}

/**
 * Runs each pod of a stream of changes: those of different names side by side, those of one name one after the other.
 * A replacement (same name, new UID, or the same one back again) waits until its predecessor's life is complete. What is over is forgotten. A
 * change costs the same however many pods there are.
 */
export function byName<T>(live: Live<T>): OperatorFunction<PodChange, T> {
  return (changes$) =>
    new Observable((subscriber) => {
      const lines = new Map<string, Line>();
      const lives = new Subscription();
      let closed = false;
      const begin = (name: string, line: Line, first: PodChange): void => {
        line.uid = podKeyOf(first.pod).uid;
        line.changes$ = new Subject();
        line.removed = false;
        if (closed) line.changes$.complete();
        let complete = false;
        // The next one begins when all of this one is torn down, and not if everything is.
        const torn = finalize<T>(() => complete && end(name, line));
        const life = live(first, line.changes$)
          .pipe(torn)
          .subscribe({
            next: (value) => subscriber.next(value),
            error: (error: unknown) => subscriber.error(error),
            complete: () => {
              complete = true;
            },
          });
        lives.add(life);
      };
      const end = (name: string, line: Line): void => {
        for (const [uid, change] of line.waiting) {
          line.waiting.delete(uid);
          return begin(name, line, change);
        }
        lines.delete(name);
        if (closed && lines.size === 0) subscriber.complete();
      };
      lives.add(
        changes$.subscribe({
          next: (change) => {
            const { namespace, name, uid } = podKeyOf(change.pod);
            const line = lines.get(`${namespace}/${name}`);
            if (line?.uid === uid && !(line.removed && change.type === "added")) {
              line.removed ||= change.type === "removed";
              // It came back while it went, and is not wanted any more.
              if (change.type === "removed") line.waiting.delete(uid);
              line.changes$.next(change);
            } else if (line !== undefined) {
              // Of one that never began nothing is left.
              if (change.type === "removed") line.waiting.delete(uid);
              else line.waiting.set(uid, change);
            } else if (change.type !== "removed") {
              const first: Line = { uid, changes$: new Subject(), removed: false, waiting: new Map() };
              lines.set(`${namespace}/${name}`, first);
              begin(`${namespace}/${name}`, first, change);
            }
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            closed = true;
            for (const line of lines.values()) line.changes$.complete();
            if (lines.size === 0) subscriber.complete();
          },
        }),
      );
      return lives;
    });
}
