import { isKrustletError } from "@krustlet/interface";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_EVICTION_HARD,
  demandEvictionSignals,
  evictionReservationOf,
  evictionThresholdsOf,
  parseEvictionThresholds,
} from "../src/index.ts";

describe("eviction thresholds", () => {
  it("are read from a flag and from a configuration alike", () => {
    const thresholds = [
      { signal: "memory.available", value: { amount: 100 * 2 ** 20, text: "100Mi" }, gracePeriodMs: 0 },
      { signal: "nodefs.available", value: { share: 0.125 }, gracePeriodMs: 0 },
      { signal: "pid.available", value: { amount: 1000, text: "1k" }, gracePeriodMs: 0 },
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
    expect(evictionReservationOf(parseEvictionThresholds(DEFAULT_EVICTION_HARD), capacity)).toEqual({
      memory: "104857600",
      "ephemeral-storage": "100",
    });
    expect(evictionReservationOf([], capacity)).toEqual({});
    const softly = evictionThresholdsOf({
      hard: {},
      soft: { "memory.available": "1Gi" },
      softGracePeriod: { "memory.available": 1000 },
    });
    expect(evictionReservationOf(softly, capacity)).toEqual({});
  });

  it("are hard ones first, then soft ones with the time for which they have to be met", () => {
    expect(
      evictionThresholdsOf({
        hard: { "memory.available": "100Mi", "nodefs.available": "10%" },
        soft: { "memory.available": "1Gi" },
        softGracePeriod: { "memory.available": 90_000, "nodefs.available": 1 },
        minimumReclaim: { "memory.available": "0", "nodefs.available": "5%", "pid.available": "7" },
      }),
    ).toEqual([
      {
        signal: "memory.available",
        value: { amount: 100 * 2 ** 20, text: "100Mi" },
        gracePeriodMs: 0,
        minimumReclaim: { amount: 0, text: "0" },
      },
      {
        signal: "nodefs.available",
        value: { share: 0.1 },
        gracePeriodMs: 0,
        minimumReclaim: { share: 0.05 },
      },
      {
        signal: "memory.available",
        value: { amount: 2 ** 30, text: "1Gi" },
        gracePeriodMs: 90_000,
        minimumReclaim: { amount: 0, text: "0" },
      },
    ]);
  });

  it.each([
    [{ soft: { "memory.available": "1Gi" } }, "has no grace period in evictionSoftGracePeriod"],
    [{ minimumReclaim: { "memory.free": "1Gi" } }, "none of the signals"],
    [{ minimumReclaim: { "memory.available": "-1" } }, "is not positive"],
    [{ minimumReclaim: { "memory.available": "0%" } }, "is not positive"],
    [{ minimumReclaim: { "memory.available": "101%" } }, "percentage from 0 to 100"],
    [{ minimumReclaim: { "memory.available": "much" } }, "memory.available=much"],
  ])("are refused where %j says nothing that can be", (more, sentence) => {
    expect(() => evictionThresholdsOf({ hard: {}, ...more })).toThrow(
      expect.objectContaining({ code: "InvalidField", message: expect.stringContaining(sentence) }),
    );
  });

  it("have grace periods for signals that there are", () => {
    demandEvictionSignals(["memory.available", "pid.available"]);
    expect(() => demandEvictionSignals(["memory"])).toThrow("none of the signals");
  });
});
