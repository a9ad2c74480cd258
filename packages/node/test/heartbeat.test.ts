import { FakeClock } from "@krustlet/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildNode,
  keepLease,
  nodeConditionsOf,
  planStatusReport,
  registerNode,
  reportNodeStatus,
} from "../src/index.ts";
import type { Fault } from "./api-server.ts";
import { ApiServer, INIT } from "./api-server.ts";

const capacity = buildNode(INIT).status!.capacity!;
const facts = (errors: string[] = []) => ({
  memoryPressure: false,
  diskPressure: false,
  pidPressure: false,
  errors,
  capacity,
});

/** Runs a doer for `ms` of a fake clock, then ends it. */
async function runFor(
  ms: number,
  clock: FakeClock,
  start: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const running = start(stop.signal);
  await clock.advance(ms);
  stop.abort();
  await running;
}

const faultOf: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.constantFrom<Fault>(500, 409, 404, 429, 401, "broken") },
);

describe("keepLease", () => {
  it("renews every 10 s and up to 4 % more, and ends with its signal", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    const times: number[] = [];
    let draw = 0;
    await runFor(100_000, clock, (signal) =>
      keepLease(api, {
        nodeName: "n",
        nodeUid: () => "u",
        clock,
        signal,
        random: () => [0, 0.999][(draw += 1) % 2]!,
        onRenewed: () => times.push(clock.now().getTime()),
      }),
    );
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    expect(Math.min(...gaps)).toBeCloseTo(10_000, -1);
    expect(Math.max(...gaps)).toBeCloseTo(10_400, -1);
    expect(clock.sleeping).toBe(0);
  });

  it("renews in time while of each kind of call every fourth is answered, whatever the others meet", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(faultOf, { maxLength: 60 }), fc.integer(), async (faults, seed) => {
        const clock = new FakeClock();
        const api = new ApiServer();
        const rows = new Map<string, number>();
        let at = 0;
        api.fault = (call) => {
          const fault = faults[at % Math.max(1, faults.length)];
          at += 1;
          const row = rows.get(call) ?? 0;
          const failing = fault !== undefined && row < 3;
          rows.set(call, failing ? row + 1 : 0);
          if (!failing) return undefined;
          if (call !== "updateLease") return fault === 409 || fault === 404 ? 500 : fault;
          // A Lease that is missing has been deleted.
          if (fault === 404) api.leases.clear();
          return fault;
        };
        let last = clock.now().getTime();
        let longest = 0;
        let random = Math.abs(seed % 997) / 997;
        await runFor(120_000, clock, (signal) =>
          keepLease(api, {
            nodeName: "n",
            nodeUid: () => "u",
            clock,
            signal,
            random: () => (random = (random * 7.31) % 1),
            onRenewed: () => {
              longest = Math.max(longest, clock.now().getTime() - last);
              last = clock.now().getTime();
            },
          }),
        );
        longest = Math.max(longest, clock.now().getTime() - last);
        // At worst a whole period, then a deleted Lease: three readings and three creations that fail, 12.6 s.
        expect(longest).toBeLessThan(23_100);
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it("after an outage of any length renews within the longest back-off and the time a call may take", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    const kinds: Fault[] = ["broken", 503, "hangs"];
    const began = clock.now().getTime();
    let calls = 0;
    api.fault = () => {
      const elapsed = clock.now().getTime() - began;
      return elapsed > 25_000 && elapsed < 300_000 ? kinds[(calls += 1) % 3] : undefined;
    };
    const times: number[] = [];
    const failures: unknown[] = [];
    await runFor(400_000, clock, (signal) =>
      keepLease(api, {
        nodeName: "n",
        nodeUid: () => undefined,
        clock,
        signal,
        onRenewed: () => times.push(clock.now().getTime() - began),
        onFailure: (error) => failures.push(error),
      }),
    );
    expect(times.find((time) => time >= 300_000)).toBeLessThan(317_100);
    expect(failures.length).toBeGreaterThan(10);
  });

  it("reads the Lease anew when somebody else has written it", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    await runFor(35_000, clock, (signal) =>
      keepLease(api, {
        nodeName: "n",
        nodeUid: () => "u",
        clock,
        signal,
        random: () => 0.5,
        onRenewed: (lease) => {
          api.leases.set("n", {
            metadata: { name: "n", resourceVersion: "other", labels: { theirs: "1" } },
            spec: lease.spec!,
          });
        },
      }),
    );
    expect(api.leases.get("n")?.metadata?.labels).toEqual({ theirs: "1" });
    expect(api.leases.get("n")?.spec?.renewTime?.toISOString()).toBe("2026-01-01T00:00:30.600000Z");
  });
});

describe("planStatusReport", () => {
  const now = new Date("2026-01-01T00:00:00Z");
  const before = nodeConditionsOf(facts(), [], now);
  const node = buildNode({ ...INIT, conditions: before });

  it("posts a change at once, and what is unchanged when it is due", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.boolean(),
        fc.integer({ min: -600_000, max: 600_000 }),
        (random, changed, left) => {
          const conditions = nodeConditionsOf(facts(changed ? ["x"] : []), before, now);
          const next = buildNode({ ...INIT, conditions });
          const report = planStatusReport({ node, due: new Date(now.getTime() + left) }, next, now, random);
          const why = changed ? "changed" : "due";
          // More than was ever left is the work of a clock that was set back.
          expect(report?.why).toBe(changed || left <= 0 || left > 450_000 ? why : undefined);
          if (report === undefined) return;
          expect(report.patch.status?.conditions).toHaveLength(4);
          const delay = report.due.getTime() - now.getTime();
          expect(delay).toBeGreaterThanOrEqual(changed ? 150_000 : 300_000);
          expect(delay).toBeLessThanOrEqual(changed ? 450_000 : 300_000);
        },
      ),
      { seed: 4 },
    );
  });

  it("spreads the second report of nodes that start together", () => {
    const delays = [0, 0.5, 0.999].map((random) => {
      const report = planStatusReport({ node, due: undefined }, node, now, random);
      return Math.round((report!.due.getTime() - now.getTime()) / 1000);
    });
    expect(delays).toEqual([150, 300, 450]);
  });
});

describe("reportNodeStatus", () => {
  it("is fast until the node is ready, then posts changes and every five minutes", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    api.nodes.set("edge-1", buildNode(INIT));
    const began = clock.now().getTime();
    const posts: string[] = [];
    await runFor(700_000, clock, (signal) =>
      reportNodeStatus(api, {
        nodeName: "edge-1",
        clock,
        signal,
        random: () => 0.5,
        compute: (node) => {
          const errors = clock.now().getTime() - began < 250 ? ["starting"] : [];
          const conditions = nodeConditionsOf(facts(errors), node.status?.conditions ?? [], clock.now());
          return buildNode({ ...INIT, conditions });
        },
        onReported: ({ why }) => posts.push(`${clock.now().getTime() - began} ${why}`),
        onEvent: ({ reason }) => posts.push(reason),
      }),
    );
    expect(posts).toEqual([
      "0 changed",
      "Starting",
      "NodeHasSufficientMemory",
      "NodeHasNoDiskPressure",
      "NodeHasSufficientPID",
      "300 changed",
      "NodeReady",
      "306300 due",
      "612300 due",
    ]);
    expect(api.patches).toHaveLength(4);
  });

  it("does not post again what a slow watch has not seen yet", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    const conditions = nodeConditionsOf(facts(["x"]), [], clock.now());
    const stale = buildNode({ ...INIT, conditions });
    Object.assign(stale.metadata!, { resourceVersion: "99" });
    api.nodes.set("edge-1", stale);
    const reasons: string[] = [];
    await runFor(45_000, clock, (signal) =>
      reportNodeStatus(api, {
        nodeName: "edge-1",
        clock,
        signal,
        observed: () => stale,
        compute: (node) =>
          buildNode({
            ...INIT,
            conditions: nodeConditionsOf(facts(), node.status?.conditions ?? [], clock.now()),
          }),
        onEvent: ({ reason }) => reasons.push(reason),
      }),
    );
    expect(api.patches).toHaveLength(1);
    expect(reasons.filter((reason) => reason === "NodeReady")).toHaveLength(1);
  });

  it("tells a change at once, many of them twice in a second at the most, and one during a round in the next", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    const conditions = nodeConditionsOf(facts(), [], clock.now());
    api.nodes.set("edge-1", buildNode({ ...INIT, conditions }));
    const began = clock.now().getTime();
    const rounds: number[] = [];
    const posts: string[] = [];
    let gpus = 0;
    let tell = (): void => {};
    let stopped = false;
    const stop = new AbortController();
    const running = reportNodeStatus(api, {
      nodeName: "edge-1",
      clock,
      signal: stop.signal,
      random: () => 0,
      onChange: (to) => {
        tell = to;
        return () => (stopped = true);
      },
      compute: (node) => {
        rounds.push(clock.now().getTime() - began);
        const built = buildNode({ ...INIT, conditions, capacity: { "example.com/gpu": `${gpus}` } });
        // While the first change is told there comes another one.
        if (gpus === 1) {
          gpus = 2;
          tell();
        }
        return Object.assign({}, node, { status: built.status });
      },
      onReported: ({ after }) => posts.push(after.status?.capacity?.["example.com/gpu"] ?? ""),
    });
    await clock.advance(15_000);
    gpus = 1;
    for (let times = 0; times < 100; times += 1) tell();
    await clock.advance(3000);
    stop.abort();
    await running;
    expect(rounds).toEqual([0, 10_000, 15_500, 16_000]);
    expect(posts).toEqual(["0", "1", "2"]);
    expect(stopped).toBe(true);
    expect(clock.sleeping).toBe(0);
  });

  it("keeps the periods that it is given, and so does the Lease", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    const conditions = nodeConditionsOf(facts(), [], clock.now());
    api.nodes.set("edge-1", buildNode({ ...INIT, conditions }));
    const began = clock.now().getTime();
    const times: number[] = [];
    const renewals: number[] = [];
    const common = { nodeName: "edge-1", clock, random: () => 0 };
    await runFor(125_000, clock, async (signal) => {
      await Promise.all([
        reportNodeStatus(api, {
          ...common,
          signal,
          updatePeriodMs: 20_000,
          reportPeriodMs: 60_000,
          compute: (node) => node,
          onReported: () => times.push(clock.now().getTime() - began),
        }),
        keepLease(api, {
          ...common,
          signal,
          nodeUid: () => "u",
          durationSeconds: 200,
          onRenewed: () => renewals.push(clock.now().getTime() - began),
        }),
      ]);
    });
    expect(times).toEqual([0, 40_000, 100_000]);
    expect(renewals).toEqual([0, 50_000, 100_000]);
    expect(api.leases.get("edge-1")?.spec?.leaseDurationSeconds).toBe(200);
  });

  it("tells when the node is cordoned and when it is no more, also where it was before it started", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    const conditions = nodeConditionsOf(facts(), [], clock.now());
    const node = buildNode({ ...INIT, conditions });
    const cordon = (unschedulable: boolean): void =>
      void api.nodes.set("edge-1", Object.assign({}, node, { spec: { unschedulable } }));
    const reasons: string[] = [];
    const stop = new AbortController();
    cordon(true);
    const running = reportNodeStatus(api, {
      nodeName: "edge-1",
      clock,
      signal: stop.signal,
      compute: () => node,
      onEvent: ({ reason }) => reasons.push(reason),
    });
    await clock.advance(1000);
    cordon(false);
    await clock.advance(22_000);
    cordon(true);
    await clock.advance(12_000);
    stop.abort();
    await running;
    expect(reasons.slice(4)).toEqual(["NodeNotSchedulable", "NodeSchedulable", "NodeNotSchedulable"]);
  });

  it("outlives every failure, of the API server and of what computes", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    api.nodes.set("edge-1", buildNode(INIT));
    const faults: (Fault | undefined)[] = [500, "hangs", undefined, 409, "broken", 500, 500, 500, 500, 500];
    let at = 0;
    let computed = 0;
    api.fault = () => faults[(at += 1)];
    await runFor(120_000, clock, (signal) =>
      reportNodeStatus(api, {
        nodeName: "edge-1",
        clock,
        signal,
        compute: (node) => {
          computed += 1;
          if (computed === 2) throw new Error("not measured");
          return buildNode({
            ...INIT,
            conditions: nodeConditionsOf(facts(), node.status?.conditions ?? [], clock.now()),
          });
        },
      }),
    );
    expect(api.nodes.get("edge-1")?.status?.conditions?.at(-1)?.status).toBe("True");
  });
});

describe("registerNode", () => {
  it("creates the Node, waiting longer after each failure", async () => {
    const clock = new FakeClock();
    const api = new ApiServer();
    const times: number[] = [];
    const began = clock.now().getTime();
    api.fault = () => {
      times.push(clock.now().getTime() - began);
      return times.length < 10 ? "broken" : undefined;
    };
    const registered = registerNode(api, buildNode(INIT), { clock });
    await clock.advance(60_000);
    expect((await registered).created).toBe(true);
    expect(times).toEqual([0, 100, 300, 700, 1500, 3100, 6300, 12_700, 19_700, 26_700]);
  });

  it.each([409, 403])("brings the Node that is there up to date after %i", async (status) => {
    const api = new ApiServer();
    api.nodes.set("edge-1", { metadata: { name: "edge-1" } });
    api.fault = (call) => (call === "createNode" ? status : undefined);
    const { node, created } = await registerNode(api, buildNode(INIT));
    expect(created).toBe(false);
    expect(node.metadata?.labels?.["kubernetes.io/arch"]).toBe("wasm32-wasi");
    await registerNode(api, buildNode(INIT));
    expect(api.patches).toHaveLength(1);
  });

  it("leaves the conditions of a Node that is there as they are, so that none seems to flip", async () => {
    const api = new ApiServer();
    const before = nodeConditionsOf(facts(), [], new Date("2026-01-01T00:00:00Z"));
    api.nodes.set("edge-1", buildNode({ ...INIT, conditions: before }));
    const now = nodeConditionsOf(facts(), [], new Date("2026-02-01T00:00:00Z"));
    await registerNode(api, buildNode({ ...INIT, conditions: now, maxPods: 50 }));
    expect(api.patches).toEqual([{ status: { capacity: { pods: "50" }, allocatable: { pods: "50" } } }]);
  });

  it("gives up where the Node is invalid, and when it is told to", async () => {
    const api = new ApiServer();
    api.fault = () => 422;
    await expect(registerNode(api, buildNode(INIT))).rejects.toMatchObject({ code: "InvalidObject" });
    api.fault = () => 403;
    await expect(
      registerNode(api, buildNode(INIT), { signal: AbortSignal.abort(new Error("end")) }),
    ).rejects.toThrow("end");
  });
});
