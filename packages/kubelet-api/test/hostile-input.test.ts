import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseRequestPath } from "../src/http/parse-request-path.ts";
import { isRefusal } from "../src/http/refusal.ts";
import { parseLogOptions } from "../src/logs/parse-log-options.ts";

const now = new Date("2026-02-03T04:05:06Z");
const optionsOf = (query: string) => parseLogOptions(new URLSearchParams(query), now);

describe("the query of a log", () => {
  it.each([
    ["", { follow: false, previous: false, timestamps: false }],
    ["follow&previous=&timestamps=yes", { follow: true, previous: true, timestamps: true }],
    ["follow=0&previous=FALSE&timestamps=false", { follow: false, previous: false, timestamps: false }],
    ["follow=true&follow=false", { follow: true }],
    ["tailLines=%2B5", { tailLines: 5 }],
    ["sinceSeconds=60", { since: "2026-02-03T04:04:06.000000000Z" }],
    ["sinceTime=2026-02-03T05:04:06%2B01:00", { since: "2026-02-03T04:04:06.000000000Z" }],
    ["sinceTime=null", { since: undefined }],
    ["stream=Stderr", { stream: "stderr" }],
    ["__proto__=1&constructor=2&follow=true", { follow: true }],
  ])("%j is understood", (query, expected) => {
    expect(optionsOf(query)).toMatchObject(expected);
  });

  it.each([
    ["tailLines=", 400],
    ["tailLines=+5", 400],
    ["tailLines=1.5", 400],
    ["tailLines=1e3", 400],
    ["tailLines=99999999999999999999", 400],
    ["limitBytes=0", 422],
    ["sinceSeconds=0", 422],
    ["sinceTime=yesterday", 400],
    ["sinceSeconds=1&sinceTime=2026-02-03T05:04:06Z", 422],
    ["stream=stdout", 422],
    ["stream=constructor", 422],
    ["stream=Stdout&tailLines=1", 422],
  ])("%j is refused with %i", (query, status) => {
    expect(optionsOf(query)).toMatchObject({ status });
  });

  it("is understood or refused, whatever it is", () => {
    const name = fc.constantFrom(
      "follow",
      "tailLines",
      "tail",
      "limitBytes",
      "sinceSeconds",
      "sinceTime",
      "stream",
    );
    const value = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const options = parseLogOptions(new URLSearchParams(pairs), now);
        const {
          status,
          tailLines = 0,
          limitBytes = 1,
          since = "2026-01-01T00:00:00.000000000Z",
        } = isRefusal(options) ? { status: options.status } : { ...options, status: 400 };
        expect([400, 422]).toContain(status);
        expect(tailLines).toBeGreaterThanOrEqual(0);
        expect(limitBytes).toBeGreaterThanOrEqual(1);
        expect(since).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/u);
      }),
      { seed: 1, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 1000) },
    );
  });
});

describe("a request's path", () => {
  it("is taken apart and decoded", () => {
    const path = parseRequestPath("/containerLogs/default/w%65b/main?follow=true&x=%2f");
    expect(path).toMatchObject({
      segments: ["containerLogs", "default", "web", "main"],
      trailingSlash: false,
    });
    expect(path?.query.get("x")).toBe("/");
    expect(parseRequestPath("/runningpods/")).toMatchObject({
      segments: ["runningpods"],
      trailingSlash: true,
    });
    expect(parseRequestPath("/")).toMatchObject({ segments: [] });
  });

  it.each([
    "",
    "*",
    "pods",
    "https://node/pods",
    "//pods",
    "/pods//",
    "/a//b",
    "/.",
    "/pods/..",
    "/stats/../pods",
    "/stats/%2e%2e/pods",
    "/stats/%2E./pods",
    "/stats/..%2fpods",
    "/stats%2fsummary",
    "/stats%5csummary",
    "/stats\\summary",
    "/pods%00",
    "/pods%0a",
    "/pods#x",
    "/%",
    "/%zz",
    "/%c0%af",
  ])("is refused: %j", (target) => {
    expect(parseRequestPath(target)).toBeUndefined();
  });

  it("never has a segment that could be read in two ways", () => {
    const piece = fc.constantFrom("/", ".", "%2e", "%2f", "%5c", "%00", "a", "?", "#", "%", "\\", "%25");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        for (const segment of parseRequestPath(pieces.join(""))?.segments ?? []) {
          expect([".", "..", ""]).not.toContain(segment);
          // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
          expect(segment).not.toMatch(/[/\\\u0000-\u001F#]/u);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
