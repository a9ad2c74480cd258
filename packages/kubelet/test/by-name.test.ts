import { Observable, Subject } from "rxjs";
import { expect, it } from "vitest";

import { byName } from "../src/by-name.ts";
import type { PodChange } from "../src/index.ts";

function open(): {
  readonly changes$: Subject<PodChange>;
  readonly log: string[];
  readonly end: Map<string, () => void>;
} {
  const changes$ = new Subject<PodChange>();
  const log: string[] = [];
  const end = new Map<string, () => void>();
  changes$
    .pipe(
      byName(
        (first, rest$) =>
          new Observable<string>((subscriber) => {
            const uid = first.pod.metadata?.uid ?? "";
            log.push(`begin ${uid}`);
            const rest = rest$.subscribe(({ type }) => log.push(`${type} ${uid}`));
            end.set(uid, () => subscriber.complete());
            return () => {
              log.push(`end ${uid}`);
              rest.unsubscribe();
            };
          }),
      ),
    )
    .subscribe();
  return { changes$, log, end };
}

const change = (type: PodChange["type"], name: string, uid: string): PodChange => ({
  type,
  pod: { metadata: { name, uid } },
});

it("runs pods of different names side by side, and hands each its own changes", () => {
  const { changes$, log } = open();
  changes$.next(change("added", "a", "a1"));
  changes$.next(change("added", "b", "b1"));
  changes$.next(change("updated", "a", "a1"));
  changes$.next(change("removed", "b", "b1"));
  expect(log).toStrictEqual(["begin a1", "begin b1", "updated a1", "removed b1"]);
});

it("lets a replacement wait for its predecessor, and its successor for both", () => {
  const { changes$, log, end } = open();
  for (const uid of ["a1", "a2", "a3"]) changes$.next(change("added", "a", uid));
  changes$.next(change("updated", "a", "a2"));
  expect(log).toStrictEqual(["begin a1"]);
  end.get("a1")?.();
  end.get("a2")?.();
  expect(log).toStrictEqual(["begin a1", "end a1", "begin a2", "end a2", "begin a3"]);
});

it("never begins a pod that was removed while it waited", () => {
  const { changes$, log, end } = open();
  changes$.next(change("added", "a", "a1"));
  changes$.next(change("added", "a", "a2"));
  changes$.next(change("removed", "a", "a2"));
  end.get("a1")?.();
  changes$.next(change("added", "a", "a3"));
  expect(log).toStrictEqual(["begin a1", "end a1", "begin a3"]);
});

it("forgets what is over: a late change of it begins nothing, the name can be used again", () => {
  const { changes$, log, end } = open();
  for (const uid of ["a1", "a2"]) {
    changes$.next(change("added", "a", uid));
    end.get(uid)?.();
    changes$.next(change("removed", "a", uid));
  }
  expect(log).toStrictEqual(["begin a1", "end a1", "begin a2", "end a2"]);
});

it("keeps nothing of pods that come and go while another one of their name ends", () => {
  const { changes$, log, end } = open();
  changes$.next(change("added", "a", "a1"));
  for (const uid of ["a2", "a3"]) {
    changes$.next(change("added", "a", uid));
    changes$.next(change("removed", "a", uid));
  }
  changes$.next(change("added", "a", "a3"));
  end.get("a1")?.();
  expect(log).toStrictEqual(["begin a1", "end a1", "begin a3"]);
});
