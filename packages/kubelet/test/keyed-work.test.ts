import { expect, it } from "vitest";

import { keyedWork } from "../src/keyed-work.ts";

interface Work {
  readonly key: string;
}

function open(): {
  readonly want: (list: readonly Work[]) => void;
  readonly log: string[];
  readonly results: string[];
  readonly finish: Map<string, (result: string) => void>;
  readonly close: () => void;
} {
  const log: string[] = [];
  const results: string[] = [];
  const finish = new Map<string, (result: string) => void>();
  const work = keyedWork<Work, string>({
    perform: ({ key }, signal) => {
      log.push(`+${key}`);
      signal.addEventListener("abort", () => log.push(`-${key}`));
      return new Promise((resolve) => finish.set(key, resolve));
    },
    done: (result) => results.push(result),
    failed: (error) => log.push(String(error)),
  });
  return { want: (list) => work.want(list), log, results, finish, close: () => work.cancel() };
}

const listOf = (...keys: readonly string[]): readonly Work[] => keys.map((key) => ({ key }));
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it("starts what is new, leaves alone what stays, and cancels what is gone", () => {
  const { want, log } = open();
  want(listOf("a", "b"));
  want(listOf("b", "c"));
  want(listOf("b", "c"));
  want([]);
  expect(log).toStrictEqual(["+a", "+b", "-a", "+c", "-b", "-c"]);
});

it("does nothing twice that is done and still listed", async () => {
  const { want, log, results, finish } = open();
  want(listOf("a"));
  finish.get("a")?.("done");
  await turn();
  want(listOf("a"));
  expect(log).toStrictEqual(["+a"]);
  expect(results).toStrictEqual(["done"]);
});

it("drops a result that comes after the cancellation", async () => {
  const { want, results, finish } = open();
  want(listOf("a"));
  want([]);
  finish.get("a")?.("late");
  await turn();
  expect(results).toStrictEqual([]);
});

it("cancels everything when nobody listens any more", () => {
  const { want, log, close } = open();
  want(listOf("a", "b"));
  close();
  expect(log).toStrictEqual(["+a", "+b", "-a", "-b"]);
});
