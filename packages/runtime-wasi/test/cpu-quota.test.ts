import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chargeQuota, QUOTA_PERIOD_MS, quotaOf, throttledUntil } from "../src/thread/cpu-quota.ts";

describe("a CPU quota", () => {
  it("never lets a container use more than its limit plus one slice, over any whole time", () => {
    const limits = fc.integer({ min: 1, max: 999 });
    const bursts = fc.array(
      fc.record({ pauseMs: fc.integer({ min: 0, max: 250 }), micros: fc.integer({ min: 1, max: 2_000 }) }),
      { minLength: 1, maxLength: 300 },
    );
    fc.assert(
      fc.property(limits, bursts, (limitMillis, steps) => {
        let quota = quotaOf(limitMillis);
        let now = 0;
        let used = 0;
        for (const { pauseMs, micros } of steps) {
          now += pauseMs;
          now = throttledUntil(quota, now) ?? now;
          expect(throttledUntil(quota, now)).toBeUndefined();
          now += micros / 1_000;
          used += micros;
          quota = chargeQuota(quota, now, micros);
          const periods = Math.floor(now / QUOTA_PERIOD_MS) + 1;
          expect(used).toBeLessThanOrEqual(periods * quota.limitMicros + 2_000);
        }
      }),
      { seed: 3 },
    );
  });

  it("lets a container run again in the period in which its debt is paid", () => {
    const quota = chargeQuota(quotaOf(100), 50, 25_000);
    expect(throttledUntil(quota, 50)).toBe(200);
    expect(throttledUntil(quota, 200)).toBeUndefined();
  });

  it("forgets use that older periods allowed", () => {
    const quota = chargeQuota(chargeQuota(quotaOf(100), 50, 9_000), 1_050, 9_000);
    expect(throttledUntil(quota, 1_050)).toBeUndefined();
  });
});
