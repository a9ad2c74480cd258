import type { V1Pod } from "@kubernetes/client-node";
import { Subject } from "rxjs";
import { expect, it } from "vitest";

import { apiPods } from "../src/index.ts";
import type { ObjectChange } from "../src/index.ts";

function open(): { readonly changes$: Subject<ObjectChange<V1Pod>>; readonly log: string[] } {
  const changes$ = new Subject<ObjectChange<V1Pod>>();
  const log: string[] = [];
  apiPods(changes$).subscribe((change) => {
    if (change.type === "synced") return void log.push("synced");
    const grace = change.type === "removed" ? ` ${change.gracePeriodSeconds}` : "";
    log.push(`${change.type} ${change.pod.metadata?.uid}${grace}`);
  });
  return { changes$, log };
}

const pod = (name: string, uid: string, created = 0): V1Pod => ({
  metadata: { name, uid, creationTimestamp: new Date(created) },
});

it("tells the first list in the order in which its pods were created, and then what happens", () => {
  const { changes$, log } = open();
  changes$.next({ type: "added", object: pod("c", "c1", 3000) });
  changes$.next({ type: "added", object: pod("a", "a1", 1000) });
  changes$.next({ type: "added", object: pod("b", "b1", 1000) });
  changes$.next({ type: "added", object: pod("d", "d1") });
  changes$.next({ type: "deleted", object: pod("d", "d1") });
  expect(log).toStrictEqual([]);
  changes$.next({ type: "synced" });
  expect(log).toStrictEqual(["added a1", "added b1", "added c1", "synced"]);
  log.length = 0;
  changes$.next({ type: "modified", object: pod("a", "a1") });
  changes$.next({ type: "added", object: pod("e", "e1") });
  changes$.next({ type: "deleted", object: pod("a", "a1") });
  changes$.next({ type: "synced" });
  expect(log).toStrictEqual(["updated a1", "added e1", "removed a1 1"]);
});

it("takes a pod that is told again for what it is: after a new list, or late", () => {
  const { changes$, log } = open();
  changes$.next({ type: "synced" });
  changes$.next({ type: "modified", object: pod("a", "a1") });
  changes$.next({ type: "added", object: pod("a", "a1") });
  expect(log).toStrictEqual(["synced", "added a1", "updated a1"]);
});

it("does not take a new pod for the one whose name it has, even if nobody told of that one's end", () => {
  const { changes$, log } = open();
  changes$.next({ type: "synced" });
  changes$.next({ type: "added", object: pod("a", "a1") });
  changes$.next({ type: "added", object: pod("a", "a2") });
  // It comes late, and is not about the new one.
  changes$.next({ type: "deleted", object: pod("a", "a1") });
  changes$.next({ type: "modified", object: pod("a", "a2") });
  expect(log.slice(1)).toStrictEqual(["added a1", "removed a1 1", "added a2", "removed a1 1", "updated a2"]);
});
