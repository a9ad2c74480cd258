import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { formatCheckpoint, parseCheckpoint } from "../src/checkpoint.ts";
import { deviceRequestOf } from "../src/device-request-of.ts";
import { isExtendedResourceName } from "../src/extended-resource-name.ts";
import { heldOf } from "../src/held-of.ts";
import { mergeAnswers } from "../src/merge-answers.ts";
import { planAllocation } from "../src/plan-allocation.ts";
import type { Holdings } from "../src/plan-allocation.ts";

describe("isExtendedResourceName", () => {
  it.each(["example.com/gpu", "a/b", "x.y.z/A_b.c-9"])("takes %s", (name) => {
    expect(isExtendedResourceName(name)).toBe(true);
  });
  it.each([
    "gpu",
    "/gpu",
    "example.com/",
    "example.com/a/b",
    "kubernetes.io/x",
    "node.kubernetes.io/x",
    "requests.example.com/x",
    "Example.com/x",
    `example.com/${"x".repeat(64)}`,
    `${"x".repeat(250)}/x`,
    "example.com/-x",
    "",
    "example.com/x\n",
  ])("refuses %j", (name) => {
    expect(isExtendedResourceName(name)).toBe(false);
  });
});

describe("deviceRequestOf", () => {
  const limits = (count: string) => ({ resources: { limits: { "e.x/gpu": count } } });
  const pod = {
    metadata: { uid: "u", name: "p", namespace: "n" },
    spec: {
      initContainers: [
        { name: "i1", ...limits("2") },
        { name: "side", restartPolicy: "Always", ...limits("1") },
        { name: "i2", ...limits("1") },
      ],
      containers: [{ name: "main", ...limits("2k") }, { name: "none" }],
    },
  };
  it("lets a container have what init containers before it had, but not what a sidecar has", () => {
    const of = (name: string) => deviceRequestOf(pod, name, () => true);
    expect(of("i1").reusable).toEqual([]);
    expect(of("i2").reusable).toEqual(["i1"]);
    expect(of("main")).toMatchObject({
      uid: "u",
      reusable: ["i1", "i2"],
      counts: new Map([["e.x/gpu", 2000]]),
    });
    expect(of("none").counts.size).toBe(0);
  });
});

describe("planAllocation", () => {
  const healthy = (...ids: string[]) => new Map(ids.map((id) => [id, true]));
  const request = { uid: "u", container: "main", what: "x", reusable: ["init"] };
  it("takes first what an init container of the pod had", () => {
    const holdings: Holdings = new Map([["u", new Map([["init", { devices: { g: ["c"] } }]])]]);
    const plan = planAllocation(
      { ...request, counts: new Map([["g", 2]]) },
      () => healthy("a", "b", "c"),
      holdings,
    );
    expect(plan).toEqual({ plan: "take", devices: { g: ["c", "a"] } });
  });
  it("takes nothing of one resource where another one is short", () => {
    const counts = new Map([
      ["g", 1],
      ["h", 1],
    ]);
    const devices = (resource: string) => (resource === "g" ? healthy("a") : new Map([["x", false]]));
    expect(planAllocation({ ...request, counts }, devices, new Map())).toEqual({
      plan: "short",
      resource: "h",
      wanted: 1,
      free: 0,
    });
  });
  it("never gives a device to two pods, nor an unhealthy one, whatever comes in which order", () => {
    const step = fc.record({ uid: fc.integer({ min: 0, max: 5 }), count: fc.integer({ min: 0, max: 4 }) });
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 8 }), fc.array(step), (health, steps) => {
        const devices = new Map(health.map((isHealthy, index) => [`d${index}`, isHealthy]));
        const holdings = new Map<string, Map<string, { devices: Record<string, readonly string[]> }>>();
        for (const { uid, count } of steps) {
          const key = String(uid);
          if (holdings.delete(key)) continue;
          const counts = new Map([["g", count]]);
          const plan = planAllocation({ ...request, uid: key, counts }, () => devices, holdings);
          if (plan.plan === "take") holdings.set(key, new Map([["main", { devices: { ...plan.devices } }]]));
          const held = [...holdings.values()].flatMap((each) => each.get("main")?.devices["g"] ?? []);
          expect(new Set(held).size).toBe(held.length);
          expect(held.every((id) => devices.get(id))).toBe(true);
        }
      }),
    );
  });
});

describe("heldOf", () => {
  it("counts once what a container has of an init container before it", () => {
    const containers = new Map([
      ["init", { devices: { g: ["a", "b"] } }],
      ["main", { devices: { g: ["b", "c"], h: ["x"] } }],
    ]);
    const other = new Map([["main", { devices: { g: ["d"] } }]]);
    expect(
      heldOf(
        new Map([
          ["u", containers],
          ["v", other],
        ]),
      ),
    ).toEqual({ g: "4", h: "1" });
  });
});

describe("mergeAnswers", () => {
  const answer = (resource: string, response: object) => ({
    resource,
    answer: {
      container_responses: [
        { envs: {}, mounts: [], devices: [], annotations: {}, cdi_devices: [], ...response },
      ],
    },
  });
  const mount = (host: string, readOnly = true) => ({
    mounts: [{ container_path: "/x", host_path: host, read_only: readOnly }],
  });
  it("keeps the variables of all answers, and gives once what two say alike", () => {
    const answers = [
      answer("a", { envs: { A: "1", BOTH: "x" }, ...mount("/h") }),
      answer("b", { envs: { B: "2", BOTH: "x" }, ...mount("/h/") }),
    ];
    expect(mergeAnswers(answers, "it")).toEqual({
      env: { A: "1", B: "2", BOTH: "x" },
      mounts: [{ hostPath: "/h", containerPath: "/x", readOnly: true }],
      withheld: [],
    });
  });
  it.each([
    ["another value", { envs: { A: "1" } }, { envs: { A: "2" } }, "gives A another value than the one of a"],
    ["another path", mount("/h"), mount("/i"), "mounts something else at /x than a"],
    ["the same to be written", mount("/h"), mount("/h", false), "mounts something else at /x than a"],
  ])("refuses %s of a second plugin", (_what, one, two, why) => {
    expect(() => mergeAnswers([answer("a", one), answer("b", two)], "it")).toThrow(why);
  });
});

describe("the checkpoint", () => {
  const texts = fc.array(fc.string());
  const allocation = fc.record({
    devices: fc.dictionary(fc.string(), texts),
    grant: fc.record({
      env: fc.dictionary(fc.string(), fc.string()),
      mounts: fc.array(
        fc.record({ hostPath: fc.string(), containerPath: fc.string(), readOnly: fc.boolean() }),
      ),
      withheld: texts,
    }),
  });
  it("is read as it was written", () => {
    const pods = fc.array(fc.tuple(fc.string(), fc.array(fc.tuple(fc.string(), allocation))));
    fc.assert(
      fc.property(texts, pods, (resources, each) => {
        const whole = { resources, allocations: new Map(each.map(([uid, of]) => [uid, new Map(of)])) };
        const read = parseCheckpoint(formatCheckpoint(whole));
        expect(JSON.parse(formatCheckpoint(read))).toEqual(JSON.parse(formatCheckpoint(whole)));
      }),
    );
  });
  it("of anything else is refused in a sentence", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parseCheckpoint(text)).toThrow(/^No checkpoint of devices: /u);
      }),
    );
    const odd = { version: 1, resources: [], pods: { u: { c: { devices: { g: [1] }, grant: {} } } } };
    expect(() => parseCheckpoint(JSON.stringify(odd))).toThrow("is no allocation");
  });
});
