import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_RETRY, isTransient, planRetry } from "../src/plan-retry.ts";
import { parseRetryAfter } from "../src/retry-after.ts";

describe("retries", () => {
  it("wait longer each time, never longer than the cap, never shorter than asked, and end", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failed, asked, random) => {
        const ms = planRetry(failed, asked, random);
        expect(ms === undefined).toBe(failed >= DEFAULT_RETRY.attempts);
        if (ms === undefined) return;
        expect(ms).toBeLessThanOrEqual(DEFAULT_RETRY.cap);
        expect(ms).toBeGreaterThanOrEqual(Math.min(asked ?? 0, DEFAULT_RETRY.cap));
        expect(ms).toBeGreaterThanOrEqual((DEFAULT_RETRY.base * 2 ** (failed - 1)) / 2);
      },
    );
    fc.assert(property, { seed: 6 });
  });

  it.each([
    ["0", 0],
    ["120", 120_000],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["Thu, 01 Jan 2020 00:00:00 GMT", 0],
    ["-1", undefined],
    ["1.5", undefined],
    ["99999999999", undefined],
    ["2026-01-01", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("read Retry-After: %s as %s ms", (header, ms) => {
    expect(parseRetryAfter(header, new Date("2026-01-01T00:00:00Z"))).toBe(ms);
  });

  it("are for statuses that may change by themselves", () => {
    const again = [200, 400, 401, 403, 404, 408, 410, 418, 429, 500, 501, 502, 503, 504].filter(isTransient);
    expect(again).toEqual([408, 429, 500, 502, 503, 504]);
  });
});
