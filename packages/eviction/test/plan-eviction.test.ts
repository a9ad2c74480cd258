import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_EVICTION_HARD,
  evictionThresholdsOf,
  FIRST_EVICTION_STATE,
  isDiskSignal,
  isRelieved,
  parseEvictionThresholds,
  planEviction,
} from "../src/index.ts";
import type { EvictionPlan, EvictionPolicy, Observations, Pressure, ThresholdsInit } from "../src/index.ts";

const MIB = 2 ** 20;
const none: Pressure = { memoryPressure: false, diskPressure: false, pidPressure: false };
const CALM: Observations = {
  "memory.available": { available: 4096 * MIB, capacity: 8192 * MIB },
  "nodefs.available": { available: 50 * MIB, capacity: 100 * MIB },
  "nodefs.inodesFree": { available: 900, capacity: 1000 },
  "imagefs.available": { available: 50 * MIB, capacity: 100 * MIB },
  "imagefs.inodesFree": { available: 900, capacity: 1000 },
  "pid.available": { available: 32_000, capacity: 32_768 },
};

function policyOf(init: ThresholdsInit, pressureTransitionPeriodMs = 300_000): EvictionPolicy {
  return { thresholds: evictionThresholdsOf(init), pressureTransitionPeriodMs, maxPodGracePeriodSeconds: 0 };
}

const USUAL = policyOf({ hard: DEFAULT_EVICTION_HARD });

/** Looks one after the other, each so many seconds after the beginning. */
function looks(policy: EvictionPolicy): (left: Observations, second: number) => EvictionPlan {
  let state = FIRST_EVICTION_STATE;
  return (left, second) => {
    const plan = planEviction(state, left, policy, new Date(second * 1000));
    state = plan.state;
    return plan;
  };
}

function memory(mebibytes: number): Observations {
  return { ...CALM, "memory.available": { available: mebibytes * MIB, capacity: 8192 * MIB } };
}

describe("pressure", () => {
  const pressureOf = (left: Observations, policy = USUAL): Pressure => looks(policy)(left, 0).pressure;

  it("begins below the kubelet's thresholds; processes have none by default", () => {
    expect(pressureOf(CALM)).toEqual(none);
    expect(pressureOf(memory(100))).toEqual(none);
    expect(pressureOf(memory(99.9)).memoryPressure).toBe(true);
    const image = { available: 14 * MIB, capacity: 100 * MIB };
    expect(pressureOf({ ...CALM, "imagefs.available": image }).diskPressure).toBe(true);
    expect(pressureOf({ ...CALM, "nodefs.available": image }).diskPressure).toBe(false);
    expect(pressureOf({ ...CALM, "nodefs.inodesFree": { available: 49, capacity: 1000 } }).diskPressure).toBe(
      true,
    );
    const busy = { ...CALM, "pid.available": { available: 1, capacity: 32_768 } };
    expect(pressureOf(busy)).toEqual(none);
    expect(pressureOf(busy, policyOf({ hard: "pid.available<2%" })).pidPressure).toBe(true);
  });

  it("of what cannot be measured there is none", () => {
    expect(pressureOf({})).toEqual(none);
    expect(looks(USUAL)({}, 0).starved).toBeUndefined();
  });

  it("is told at once, and for five minutes after it was last measured", () => {
    const look = looks(USUAL);
    const told = (mebibytes: number, minutes: number): boolean =>
      look(memory(mebibytes), minutes * 60).pressure.memoryPressure;
    expect([told(200, 0), told(50, 1), told(200, 5.9), told(200, 6), told(200, 7)]).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect([told(50, 10), told(200, 12), told(50, 14), told(200, 18.9), told(200, 19)]).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it("is not held longer by a clock that is set back", () => {
    const look = looks(USUAL);
    const at = (time: string): number => new Date(time).getTime() / 1000;
    look(memory(50), at("2026-01-01T12:00:00Z"));
    expect(look(memory(200), at("2026-01-01T03:00:00Z")).pressure.memoryPressure).toBe(true);
    expect(look(memory(200), at("2026-01-01T03:05:00Z")).pressure).toEqual(none);
  });

  it("of a soft threshold is told at once, though nothing is given up before its time is over", () => {
    const look = looks(
      policyOf({
        hard: {},
        soft: { "memory.available": "1Gi" },
        softGracePeriod: { "memory.available": 90_000 },
      }),
    );
    expect(look(memory(500), 0)).toMatchObject({ pressure: { memoryPressure: true } });
    expect(look(memory(500), 89).starved).toBeUndefined();
    expect(look(memory(500), 90).starved).toMatchObject({ resource: "memory" });
  });
});

describe("what is given up", () => {
  it("is nothing as long as no threshold is met", () => {
    expect(looks(USUAL)(CALM, 0).starved).toBeUndefined();
  });

  it("is what a hard threshold says, at once, and no more once it is not met", () => {
    const look = looks(USUAL);
    expect(look(memory(50), 0).starved).toMatchObject({
      resource: "memory",
      threshold: { signal: "memory.available" },
    });
    expect(look(memory(150), 10).starved).toBeUndefined();
  });

  it("goes on until the minimum reclaim is left as well", () => {
    const policy = policyOf({
      hard: { "memory.available": "100Mi" },
      minimumReclaim: { "memory.available": "50Mi" },
    });
    const look = looks(policy);
    expect(look(memory(120), 0).starved).toBeUndefined();
    expect(look(memory(90), 10).starved?.resource).toBe("memory");
    expect(look(memory(140), 20).starved?.resource).toBe("memory");
    expect(look(memory(150), 30).starved).toBeUndefined();
    expect(look(memory(140), 40).starved).toBeUndefined();
    expect(isRelieved(memory(149), policy)).toBe(false);
    expect(isRelieved(memory(150), policy)).toBe(true);
  });

  it("is for memory before all else, and for a hard threshold before a soft one", () => {
    const policy = policyOf({
      hard: { "nodefs.available": "10%", "memory.available": "100Mi" },
      soft: { "memory.available": "1Gi" },
      softGracePeriod: { "memory.available": 0 },
    });
    const short = { ...memory(50), "nodefs.available": { available: 0, capacity: 100 * MIB } };
    expect(looks(policy)(short, 0).starved?.threshold).toBe(policy.thresholds[1]);
    const full = { ...CALM, "nodefs.available": { available: 0, capacity: 100 * MIB } };
    expect(looks(policy)(full, 0).starved?.resource).toBe("ephemeral-storage");
  });

  it("waits anew where a soft threshold was not met in between", () => {
    const look = looks(
      policyOf({
        hard: {},
        soft: { "memory.available": "1Gi" },
        softGracePeriod: { "memory.available": 30_000 },
      }),
    );
    look(memory(500), 0);
    look(memory(2000), 20);
    expect(look(memory(500), 40).starved).toBeUndefined();
    expect(look(memory(500), 70).starved?.resource).toBe("memory");
  });

  it("is images first where the disk is short, and pods alone otherwise", () => {
    expect(isDiskSignal("nodefs.inodesFree")).toBe(true);
    expect(isDiskSignal("imagefs.available")).toBe(true);
    expect(isDiskSignal("memory.available")).toBe(false);
    expect(isDiskSignal("pid.available")).toBe(false);
  });

  it("in any order of looks is only what is met, and is told as a pressure as well", () => {
    const policy = policyOf(
      {
        hard: { "memory.available": "100Mi", "nodefs.available": "10%" },
        soft: { "memory.available": "300Mi" },
        softGracePeriod: { "memory.available": 25_000 },
        minimumReclaim: { "memory.available": "64Mi" },
      },
      20_000,
    );
    const step = fc.record({
      seconds: fc.integer({ min: -60, max: 60 }),
      memory: fc.integer({ min: 0, max: 500 }),
      disk: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const look = looks(policy);
        let second = 1000;
        for (const each of steps) {
          second += each.seconds;
          const disk = { available: each.disk * MIB, capacity: 100 * MIB };
          const plan = look({ ...memory(each.memory), "nodefs.available": disk }, second);
          const { resource } = plan.starved ?? {};
          const { memoryPressure, diskPressure } = plan.pressure;
          const isTrue = {
            // A hard threshold is never left waiting.
            nothing: each.memory >= 100 && each.disk >= 10,
            memory: each.memory < 364 && memoryPressure,
            disk: each.memory >= 100 && each.disk < 10 && diskPressure,
          };
          const what =
            resource === "ephemeral-storage" ? "disk" : resource === "memory" ? "memory" : "nothing";
          expect(isTrue).toMatchObject({ [what]: true });
        }
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it("has the same thresholds by default as the kubelet", () => {
    expect(parseEvictionThresholds(DEFAULT_EVICTION_HARD)).toEqual(
      parseEvictionThresholds(
        "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%",
      ),
    );
  });
});
