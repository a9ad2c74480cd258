import { expect, it } from "vitest";

import { BurstCollector } from "../src/thread/burst-collector.ts";

function thread() {
  let at = 0;
  let alarms: { readonly at: number; readonly ring: () => void }[] = [];
  const released: number[] = [];
  const collector = new BurstCollector({
    now: () => at,
    later: (ring, ms) => void alarms.push({ at: at + ms, ring }),
    release: () => released.push(at),
  });
  return {
    released,
    alarms: () => alarms.length,
    starts: (count: number) => {
      for (let each = 0; each < count; each += 1) collector.note();
    },
    until: (end: number) => {
      for (; at < end; at += 1) {
        const due = alarms.filter((alarm) => alarm.at <= at);
        alarms = alarms.filter((alarm) => alarm.at > at);
        for (const { ring } of due) ring();
      }
    },
  };
}

it("releases memory once, a second after the last start or end of a burst", () => {
  const { released, starts, until } = thread();
  starts(500);
  until(700);
  starts(1);
  until(60_000);
  expect(released).toEqual([1700]);
  starts(20);
  until(62_000);
  expect(released).toEqual([1700, 61_000]);
});

it("lets bursts that follow each other share one", () => {
  const { released, starts, until } = thread();
  starts(20);
  until(2000);
  for (let burst = 0; burst < 3; burst += 1) {
    starts(20);
    until(4000 + burst * 2000);
  }
  until(60_000);
  expect(released).toEqual([1000, 11_000]);
});

it("releases nothing for a few, and waits with one alarm however many there are", () => {
  const { released, alarms, starts, until } = thread();
  starts(19);
  until(10_000);
  expect([released, alarms()]).toEqual([[], 0]);
  starts(1000);
  expect(alarms()).toBe(1);
});
