import { FakeClock } from "@krustlet/testkit";
import { Subject } from "rxjs";
import { expect, it } from "vitest";

import { releaseMemoryWhenQuiet } from "../src/node/release-memory.ts";

/** A node that has given back what its beginning took. */
async function quietNode() {
  const clock = new FakeClock();
  const steps$ = new Subject<void>();
  const stop = new AbortController();
  const errors: unknown[] = [];
  let releases = 0;
  const done = releaseMemoryWhenQuiet({
    steps$,
    clock,
    signal: stop.signal,
    release: () => void (releases += 1),
    onError: (error) => errors.push(error),
  });
  await clock.advance(2000);
  expect(releases).toBe(1);
  return {
    clock,
    burst: (steps: number) => Array.from({ length: steps }, () => steps$.next()),
    releases: () => releases,
    errors,
    stop: () => {
      stop.abort();
      return done;
    },
  };
}

it("releases memory once after a burst, when no pod has taken a step for a while", async () => {
  const node = await quietNode();
  node.burst(300);
  await node.clock.advance(1000);
  node.burst(1);
  await node.clock.advance(1000);
  expect(node.releases()).toBe(1);
  await node.clock.advance(2000);
  expect(node.releases()).toBe(2);
  await node.clock.advance(60_000);
  expect(node.releases()).toBe(2);
  node.burst(100);
  await node.clock.advance(4000);
  expect(node.releases()).toBe(3);
  expect(node.errors).toEqual([]);
  await node.stop();
});

it("lets a few steps of a quiet node add up, and releases nothing for them alone", async () => {
  const node = await quietNode();
  for (let count = 0; count < 9; count += 1) {
    node.burst(10);
    await node.clock.advance(10_000);
  }
  expect(node.releases()).toBe(1);
  node.burst(10);
  await node.clock.advance(10_000);
  expect(node.releases()).toBe(2);
  await node.stop();
});
