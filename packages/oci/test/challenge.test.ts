import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseChallenges } from "../src/challenge.ts";
import { cpuMillisOf } from "./cpu-millis.ts";

const parse = (header: string): unknown =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe("WWW-Authenticate", () => {
  it.each([
    [
      'Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull"',
      [
        [
          "bearer",
          { realm: "https://auth.example/token", service: "registry", scope: "repository:a/b:pull" },
        ],
      ],
    ],
    ["Basic realm=x", [["basic", { realm: "x" }]]],
    ['Basic realm="a, b=c"', [["basic", { realm: "a, b=c" }]]],
    ['Basic realm="a \\"quoted\\" \\\\ b"', [["basic", { realm: 'a "quoted" \\ b' }]]],
    [
      'Basic realm="x", Bearer realm="y",service=z',
      [
        ["basic", { realm: "x" }],
        ["bearer", { realm: "y", service: "z" }],
      ],
    ],
    [
      'Negotiate, Bearer realm="y"',
      [
        ["negotiate", {}],
        ["bearer", { realm: "y" }],
      ],
    ],
    [
      'Negotiate YWJj==, Bearer realm="y"',
      [
        ["negotiate", {}],
        ["bearer", { realm: "y" }],
      ],
    ],
    ['BEARER Realm = "y" , Service = "z"', [["bearer", { realm: "y", service: "z" }]]],
    ['Bearer realm="first",realm="second"', [["bearer", { realm: "first" }]]],
    ["", []],
    [",,,", []],
    ['"', []],
    ['Bearer realm="open', [["bearer", {}]]],
  ])("%s", (header, expected) => {
    expect(parse(header)).toEqual(expected);
  });

  it("is read without an error, and in bounded time, whatever it holds", () => {
    const piece = fc.constantFrom(
      "Bearer",
      "Basic",
      " ",
      ",",
      "=",
      '"',
      "\\",
      "realm",
      "a",
      "==",
      "\t",
      "/",
      "é",
      "\0",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 60 }).map((parts) => parts.join("")),
      fc.string({ maxLength: 200 }),
    );
    const property = fc.property(text, (header) => {
      for (const { scheme, parameters } of parseChallenges(header)) {
        expect(scheme).toMatch(/^[!-~]+$/);
        for (const name of parameters.keys()) expect(name).toMatch(/^[!-~]+$/);
      }
    });
    fc.assert(property, { seed: 3, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 3000) });
    const taken = cpuMillisOf(() => {
      for (const unit of ['a="', "a ", "a=,", '\\"', "a,", "=", "aa"])
        parseChallenges(`Bearer ${unit.repeat(50_000)}`);
    });
    expect(taken).toBeLessThan(4000);
  });

  it("says back what was said, for any realm", () => {
    const property = fc.property(fc.string(), fc.stringMatching(/^[a-z0-9]{1,20}$/), (realm, service) => {
      const quoted = realm.replaceAll(/["\\]/g, "\\$&");
      expect(parse(`Bearer realm="${quoted}",service=${service}`)).toEqual([["bearer", { realm, service }]]);
    });
    fc.assert(property, { seed: 4, numRuns: 500 });
  });
});
