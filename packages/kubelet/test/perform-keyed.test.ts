import { Subject } from "rxjs";
import { expect, it } from "vitest";

import { performKeyed } from "../src/perform-keyed.ts";

interface Work {
  readonly key: string;
}

function open(): {
  readonly lists$: Subject<readonly Work[]>;
  readonly log: string[];
  readonly results: string[];
  readonly finish: Map<string, (result: string) => void>;
  readonly close: () => void;
} {
  const lists$ = new Subject<readonly Work[]>();
  const log: string[] = [];
  const results: string[] = [];
  const finish = new Map<string, (result: string) => void>();
  const subscription = lists$
    .pipe(
      performKeyed<Work, string>(({ key }, signal) => {
        log.push(`+${key}`);
        signal.addEventListener("abort", () => log.push(`-${key}`));
        return new Promise((resolve) => finish.set(key, resolve));
      }),
    )
    .subscribe((result) => results.push(result));
  return { lists$, log, results, finish, close: () => subscription.unsubscribe() };
}

const listOf = (...keys: readonly string[]): readonly Work[] => keys.map((key) => ({ key }));
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it("starts what is new, leaves alone what stays, and cancels what is gone", () => {
  const { lists$, log } = open();
  lists$.next(listOf("a", "b"));
  lists$.next(listOf("b", "c"));
  lists$.next(listOf("b", "c"));
  lists$.next([]);
  expect(log).toStrictEqual(["+a", "+b", "-a", "+c", "-b", "-c"]);
});

it("does nothing twice that is done and still listed", async () => {
  const { lists$, log, results, finish } = open();
  lists$.next(listOf("a"));
  finish.get("a")?.("done");
  await turn();
  lists$.next(listOf("a"));
  expect(log).toStrictEqual(["+a"]);
  expect(results).toStrictEqual(["done"]);
});

it("drops a result that comes after the cancellation", async () => {
  const { lists$, results, finish } = open();
  lists$.next(listOf("a"));
  lists$.next([]);
  finish.get("a")?.("late");
  await turn();
  expect(results).toStrictEqual([]);
});

it("cancels everything when nobody listens any more", () => {
  const { lists$, log, close } = open();
  lists$.next(listOf("a", "b"));
  close();
  expect(log).toStrictEqual(["+a", "+b", "-a", "-b"]);
});
