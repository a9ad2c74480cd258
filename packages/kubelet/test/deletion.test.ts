import type { PodStatus } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";

import { openBench, podOf } from "./fakes.ts";
import type { Bench } from "./fakes.ts";

/** `pod` as the API server shows it after somebody has deleted it. */
function deleted(pod: V1Pod, gracePeriodSeconds = 30): V1Pod {
  const { metadata, spec, status } = pod;
  const deletionTimestamp = new Date("2026-01-01T00:00:30Z");
  return {
    metadata: Object.assign({}, metadata, {
      deletionTimestamp,
      deletionGracePeriodSeconds: gracePeriodSeconds,
      finalizers: ["example.com/keep"],
    }),
    spec,
    status,
  };
}

interface Api {
  readonly bench: Bench;
  /** What was written and deleted, in order. */
  readonly calls: string[];
  fails: number;
}

/** A kubelet before an API server that notes what it is told. */
async function openApi(): Promise<Api> {
  const calls: string[] = [];
  const api: { bench?: Bench; fails: number } = { fails: 0 };
  const bench = await openBench({
    writeStatus: (_pod, { phase }: PodStatus) => Promise.resolve(calls.push(phase)),
    deletePod: ({ metadata }, { gracePeriodSeconds }) => {
      calls.push(
        `delete ${metadata?.name} ${gracePeriodSeconds}; ${[...bench.ledger.held.keys()].join(" ")}`,
      );
      if (api.fails-- > 0) return Promise.reject(new Error("503"));
      return Promise.resolve();
    },
  });
  return Object.assign(api, { bench, calls });
}

const hasDeleted = ({ calls }: Api): boolean => calls.at(-1)?.startsWith("delete") ?? false;

const update = ({ bench }: Api, pod: V1Pod): void => bench.source$.next({ type: "updated", pod });

describe("a pod that somebody deletes", () => {
  it("ends, tells how, gives back what it held, and only then is its object deleted", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = podOf();
    bench.add(pod);
    await bench.started();
    await bench.until(() => api.calls.at(-1) === "Running");
    update(api, deleted(pod));
    await bench.until(() => hasDeleted(api));
    expect(api.calls).toStrictEqual(["Running", "Failed", "delete pod 0; "]);
    expect(bench.state).toBe("Finished");
    expect(bench.kubelet.pods()).toHaveLength(1);
    bench.remove(deleted(pod), 0);
    await bench.until(() => bench.state === "Gone");
    await bench.until(() => bench.kubelet.pods().length === 0);
  });

  it("keeps its status while finalizers keep its object, and is not deleted a second time", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = podOf();
    bench.add(pod);
    (await bench.started()).exit(0);
    await bench.until(() => bench.state === "Finished");
    update(api, deleted(pod));
    await bench.until(() => hasDeleted(api));
    const later = deleted(pod);
    update(api, Object.assign({}, later, { spec: Object.assign({}, later.spec) }));
    await bench.clock.advance(60_000);
    expect(api.calls.filter((call) => call.startsWith("delete"))).toHaveLength(1);
    expect(bench.kubelet.pods()[0]?.status?.phase).toBe("Succeeded");
  });

  it("is deleted again until that works", async () => {
    const api = await openApi();
    await using bench = api.bench;
    api.fails = 2;
    bench.add(deleted(podOf()));
    await bench.until(() => bench.failures.length === 1);
    await bench.clock.advance(5000);
    expect(bench.failures.map(({ action }) => action)).toStrictEqual(["delete", "delete"]);
    expect(api.calls).toStrictEqual(["Failed", "delete pod 0; ", "delete pod 0; ", "delete pod 0; "]);
  });

  it("before it was seen never runs, and fails first", async () => {
    const api = await openApi();
    await using bench = api.bench;
    bench.add(deleted(podOf()));
    await bench.until(() => api.calls.length === 2);
    expect(api.calls).toStrictEqual(["Failed", "delete pod 0; "]);
    expect(bench.containers).toHaveLength(0);
  });

  it.each(["pull app:v1", "mount", "start app"])("during its %s leaves nothing behind", async (what) => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = podOf();
    let reached = false;
    bench.gate = (at) => {
      if (at !== what) return undefined;
      reached = true;
      return new Promise<void>(() => undefined);
    };
    bench.add(pod);
    await bench.until(() => reached);
    update(api, deleted(pod));
    await bench.until(() => hasDeleted(api));
    expect(api.calls.slice(-2)).toStrictEqual(["Failed", "delete pod 0; "]);
    expect(bench.containers).toHaveLength(0);
  });

  it("twice, with a shorter grace period, is killed when that is over", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = podOf();
    bench.add(pod);
    const container = await bench.started();
    container.stubborn = true;
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    update(api, deleted(pod, 100));
    await bench.until(() => container.terminated > 0);
    update(api, deleted(pod, 3));
    await bench.clock.advance(2900);
    expect(bench.ledger.held.has(`container ${pod.metadata?.uid}/app`)).toBe(true);
    await bench.clock.advance(200);
    await bench.until(() => hasDeleted(api));
  });

  it("by force is killed at once", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = podOf();
    bench.add(pod);
    const container = await bench.started();
    container.stubborn = true;
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    bench.remove(pod, 0);
    await bench.until(() => bench.state === "Gone");
    expect(bench.ledger.held.size).toBe(0);
    expect(api.calls.some((call) => call.startsWith("delete"))).toBe(false);
  });
});

describe("many pods at once", () => {
  it("cost two statuses each until they run, and no timers when they do", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pods = Array.from({ length: 300 }, (_, index) =>
      podOf([{ name: "app" }], {}, { name: `p${index}` }),
    );
    for (const pod of pods) bench.add(pod);
    await bench.started(299);
    await bench.until(() => api.calls.filter((call) => call === "Running").length === 300);
    expect(api.calls.length).toBeLessThanOrEqual(600);
    expect(bench.clock.sleeping).toBe(0);
    for (const pod of pods) update(api, deleted(pod));
    await bench.until(() => api.calls.filter((call) => call.startsWith("delete")).length === 300);
    expect(api.calls.filter((call) => !call.startsWith("delete")).length).toBeLessThanOrEqual(900);
    for (const pod of pods) bench.remove(pod, 0);
    await bench.until(() => bench.kubelet.pods().length === 0);
    expect(bench.ledger.held.size).toBe(0);
    expect(bench.ledger.mistakes).toStrictEqual([]);
  });
});

describe("the statuses of a pod", () => {
  it("are two at most until it runs, and four in its whole life", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = podOf();
    const pulling = Promise.withResolvers<void>();
    bench.gate = (what) => (what.startsWith("pull") ? pulling.promise : undefined);
    bench.add(pod);
    await bench.until(() => bench.ledger.held.has("pull app:v1"));
    await bench.clock.advance(500);
    pulling.resolve();
    await bench.started();
    await bench.until(() => api.calls.at(-1) === "Running");
    expect(api.calls).toStrictEqual(["Pending", "Running"]);
    update(api, deleted(pod));
    await bench.until(() => hasDeleted(api));
    expect(api.calls.slice(0, -1)).toStrictEqual(["Pending", "Running", "Failed"]);
  });

  it("is not written where the object says it already", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = podOf();
    bench.add(pod);
    (await bench.started()).exit(0);
    await bench.until(() => api.calls.at(-1) === "Succeeded");
    const [written] = bench.kubelet.pods();
    await bench[Symbol.asyncDispose]();

    const again = await openApi();
    await using next = again.bench;
    // As it comes from the wire.
    const { status, metadata, spec } = written!;
    next.add({ metadata, spec, status: JSON.parse(JSON.stringify(status), asDates) as V1Pod["status"] });
    await next.until(() => next.state === "Finished");
    await next.clock.advance(10_000);
    expect(again.calls).toStrictEqual([]);
    expect(next.containers).toHaveLength(0);
  });
});

function asDates(_key: string, value: unknown): unknown {
  return typeof value === "string" && /^\d{4}-.*Z$/u.test(value) ? new Date(value) : value;
}
