import { isKrustletError } from "@krustlet/interface";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_EVICTION_THRESHOLDS,
  evictionReservationOf,
  holdPressure,
  parseEvictionThresholds,
  pressureOf,
} from "../src/index.ts";
import type { PressureTimes } from "../src/index.ts";
import { MACHINE } from "./api-server.ts";

const none = { memoryPressure: false, diskPressure: false, pidPressure: false };

describe("eviction thresholds", () => {
  it("are read from a flag and from a configuration alike", () => {
    const thresholds = [
      { signal: "memory.available", value: { amount: 100 * 2 ** 20 } },
      { signal: "nodefs.available", value: { share: 0.125 } },
      { signal: "pid.available", value: { amount: 1000 } },
    ];
    const text = "memory.available<100Mi, nodefs.available<12.5%,pid.available<1k";
    expect(parseEvictionThresholds(text)).toEqual(thresholds);
    expect(
      parseEvictionThresholds({
        "memory.available": "100Mi",
        "nodefs.available": "12.5%",
        "pid.available": "1k",
      }),
    ).toEqual(thresholds);
    expect(parseEvictionThresholds("")).toEqual([]);
    expect(parseEvictionThresholds("nodefs.available<0%,imagefs.available<100%")).toEqual([]);
  });

  it.each([
    ["memory.available", "has no value"],
    ["memory.free<1Gi", "none of the signals"],
    ["memory.available<", "memory.available<"],
    ["memory.available<lots", "memory.available<lots"],
    ["memory.available<0", "is not positive"],
    ["memory.available<-1Gi", "is not positive"],
    ["nodefs.available<101%", "percentage from 0 to 100"],
    ["nodefs.available<-5%", "percentage from 0 to 100"],
    ["nodefs.available<%", "percentage from 0 to 100"],
    ["nodefs.available<1e999%", "percentage from 0 to 100"],
    ["nodefs.available<1%,nodefs.available<2%", "given twice"],
    ["memory.available<1Gi,", "has no value"],
  ])("refuses %s", (text, sentence) => {
    expect(() => parseEvictionThresholds(text)).toThrow(
      expect.objectContaining({ code: "InvalidField", message: expect.stringContaining(sentence) }),
    );
  });

  it("of any text are read or refused, never anything else", () => {
    const part = fc.oneof(
      fc.constantFrom("memory.available", "pid.available", "<", ",", "%", "1Gi"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const least = (): number[] => {
          try {
            return parseEvictionThresholds(parts.join("")).map(({ value }) =>
              "share" in value ? value.share : value.amount,
            );
          } catch (error) {
            if (isKrustletError(error, "InvalidField")) return [];
            throw error;
          }
        };
        expect(least().every((value) => value > 0)).toBe(true);
      }),
      { seed: 4, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 300) },
    );
  });

  it("keep memory and disk from pods", () => {
    const capacity = { memory: "8Gi", "ephemeral-storage": "1000", cpu: "4" };
    expect(evictionReservationOf(DEFAULT_EVICTION_THRESHOLDS, capacity)).toEqual({
      memory: "104857600",
      "ephemeral-storage": "100",
    });
    expect(evictionReservationOf([], capacity)).toEqual({});
  });
});

describe("pressure", () => {
  it("begins below the kubelet's thresholds; processes have none by default", () => {
    expect(pressureOf(MACHINE)).toEqual(none);
    expect(pressureOf({ ...MACHINE, availableMemoryBytes: 100 * 2 ** 20 })).toEqual(none);
    expect(pressureOf({ ...MACHINE, availableMemoryBytes: 100 * 2 ** 20 - 1 }).memoryPressure).toBe(true);
    expect(pressureOf({ ...MACHINE, availableDiskBytes: 14 * 2 ** 30 }).diskPressure).toBe(true);
    expect(pressureOf({ ...MACHINE, freeInodes: 49 }).diskPressure).toBe(true);
    expect(pressureOf({ ...MACHINE, inodes: 0, freeInodes: 0 }).diskPressure).toBe(false);
    const busy = { ...MACHINE, pids: 32_767 };
    expect(pressureOf(busy).pidPressure).toBe(false);
    expect(pressureOf(busy, parseEvictionThresholds("pid.available<2%")).pidPressure).toBe(true);
    expect(pressureOf({ ...busy, maxPids: Number.POSITIVE_INFINITY }).pidPressure).toBe(false);
  });

  it("is told at once, and for five minutes after it was last measured", () => {
    const at = (minutes: number): Date => new Date(minutes * 60_000);
    const under = { ...none, memoryPressure: true };
    let times: PressureTimes = {};
    const told = (measured: typeof none, minutes: number): boolean => {
      const held = holdPressure(times, measured, at(minutes));
      times = held.times;
      return held.pressure.memoryPressure;
    };
    expect([told(none, 0), told(under, 1), told(none, 5.9), told(none, 6), told(none, 7)]).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect([told(under, 10), told(none, 12), told(under, 14), told(none, 18.9), told(none, 19)]).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it("is not held longer by a clock that is set back", () => {
    const under = { ...none, diskPressure: true };
    const first = holdPressure({}, under, new Date("2026-01-01T12:00:00Z"));
    const back = holdPressure(first.times, none, new Date("2026-01-01T03:00:00Z"));
    expect(back.pressure.diskPressure).toBe(true);
    expect(holdPressure(back.times, none, new Date("2026-01-01T03:05:00Z")).pressure).toEqual(none);
  });
});
