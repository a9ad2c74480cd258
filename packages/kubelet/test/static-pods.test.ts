import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FakeClock } from "@krustlet/testkit";
import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";

import { staticPods } from "../src/index.ts";
import type { SourceChange } from "../src/index.ts";
import { planMirror } from "../src/plan-mirror.ts";
import { isMirror, isStatic, mirrorOf, staticPodOf } from "../src/static-pod.ts";
import { openBench, podOf } from "./fakes.ts";
import type { Bench } from "./fakes.ts";

const seen = new Date("2026-01-02T03:04:05.678Z");
const manifest = (image = "app:v1"): V1Pod => ({
  metadata: { name: "web", labels: { app: "web" } },
  spec: { restartPolicy: "Never", containers: [{ name: "app", image }] },
});
const staticPod = (image?: string): V1Pod =>
  staticPodOf(manifest(image), { nodeName: "Node1", file: "/etc/web.yaml", seen });
const node = { name: "Node1", uid: "node-uid" };
const mirror = (pod: V1Pod, uid = "m1", more: Partial<V1Pod["metadata"]> & object = {}): V1Pod => {
  const made = mirrorOf(pod, node);
  return { metadata: Object.assign({}, made.metadata, { uid }, more), spec: made.spec };
};

describe("a static pod", () => {
  it("is named after its node, tells where it comes from, and is the same one whenever it is read", () => {
    const pod = staticPod();
    expect(pod.metadata).toMatchObject({
      name: "web-node1",
      namespace: "default",
      labels: { app: "web" },
      annotations: {
        "kubernetes.io/config.source": "file",
        "kubernetes.io/config.seen": "2026-01-02T03:04:05.678000000Z",
        "kubernetes.io/config.hash": pod.metadata?.uid,
      },
    });
    expect(pod.metadata?.uid).toMatch(/^[0-9a-f]{32}$/u);
    expect(pod.spec).toMatchObject({
      nodeName: "Node1",
      tolerations: [{ operator: "Exists", effect: "NoExecute" }],
    });
    expect(staticPod().metadata?.uid).toBe(pod.metadata?.uid);
    const named = manifest();
    Object.assign(named.spec!, { serviceAccountName: "default", serviceAccount: "default" });
    const { spec } = staticPodOf(named, { nodeName: "Node1", file: "f", seen });
    expect(JSON.parse(JSON.stringify(spec))).not.toHaveProperty("serviceAccountName");
    expect(staticPod("app:v2").metadata?.uid).not.toBe(pod.metadata?.uid);
    const elsewhere = { nodeName: "Node1", file: "/etc/other.yaml", seen };
    expect(staticPodOf(manifest(), elsewhere).metadata?.uid).not.toBe(pod.metadata?.uid);
    expect([isStatic(pod), isMirror(pod)]).toStrictEqual([true, false]);
  });

  it("has a mirror that its node owns, and that is told from it", () => {
    const made = mirrorOf(staticPod(), node);
    expect(made.metadata).toMatchObject({
      name: "web-node1",
      annotations: { "kubernetes.io/config.mirror": staticPod().metadata?.uid },
      ownerReferences: [{ kind: "Node", name: "Node1", uid: "node-uid", controller: true }],
    });
    expect(made.metadata?.uid).toBeUndefined();
    expect([isStatic(made), isMirror(made)]).toStrictEqual([false, true]);
  });

  it("needs a mirror of itself as it is, and none other", () => {
    const pod = staticPod();
    const plan = (...args: Parameters<typeof planMirror>): string | undefined => planMirror(...args)?.do;
    expect(plan(pod, undefined)).toBe("create");
    expect(plan(pod, mirror(pod))).toBeUndefined();
    expect(plan(pod, mirror(staticPod("app:v2")))).toBe("delete");
    expect(plan(pod, mirror(pod, "m1", { deletionTimestamp: seen }))).toBe("delete");
    expect(plan(undefined, mirror(pod))).toBe("delete");
    expect(plan(undefined, undefined)).toBeUndefined();
  });
});

it("a directory that is not there holds no static pod, and is told", async () => {
  const told: unknown[] = [];
  const first = Promise.withResolvers<SourceChange>();
  const running = staticPods({
    path: "/nowhere/manifests",
    nodeName: "Node1",
    clock: new FakeClock(),
    parse: () => ({ pods: [] }),
    onError: (error) => told.push(error),
  }).subscribe((change) => first.resolve(change));
  expect(await first.promise).toStrictEqual({ type: "synced" });
  expect(String(told[0])).toContain("/nowhere/manifests cannot be read");
  running.unsubscribe();
});

it("static pods come from a directory, which is synced when it has been read", async () => {
  const path = await mkdtemp(join(tmpdir(), "krustlet-static-"));
  await writeFile(join(path, "web.json"), JSON.stringify(manifest()));
  const told: SourceChange[] = [];
  const first = Promise.withResolvers<void>();
  const subscription = staticPods({
    path,
    nodeName: "node1",
    clock: new FakeClock(),
    parse: (content) => ({ pods: [JSON.parse(Buffer.from(content).toString()) as V1Pod] }),
    onError: (error) => first.reject(error),
  }).subscribe((change) => {
    told.push(change);
    if (change.type === "synced") first.resolve();
  });
  await first.promise;
  subscription.unsubscribe();
  await rm(path, { recursive: true });
  expect(told).toMatchObject([
    { type: "added", pod: { metadata: { name: "web-node1" } } },
    { type: "synced" },
  ]);
});

interface Api {
  readonly bench: Bench;
  readonly calls: string[];
  /** The next creations are refused. */
  refused: number;
}

/** A kubelet before an API server that makes mirrors `m1`, `m2` …, and tells nobody of it. */
async function openApi(): Promise<Api> {
  const calls: string[] = [];
  const api = { refused: 0 };
  let made = 0;
  const bench = await openBench({
    writeStatus: ({ metadata }, { phase }) => Promise.resolve(calls.push(`${metadata?.uid} ${phase}`)),
    mirrors: {
      node: () => node,
      createPod: (pod) => {
        if (api.refused-- > 0) return Promise.reject(new Error("503"));
        made += 1;
        calls.push(`create m${made}`);
        return Promise.resolve({
          metadata: Object.assign({}, pod.metadata, { uid: `m${made}` }),
          spec: pod.spec,
        });
      },
      deletePod: ({ metadata }, { gracePeriodSeconds }) =>
        Promise.resolve(calls.push(`delete ${metadata?.uid} ${gracePeriodSeconds}`)),
    },
  });
  return Object.assign(api, { bench, calls });
}

const synced = ({ bench }: Api): void => bench.source$.next({ type: "synced" });

it("does not make mirrors without end where an admission plugin makes others of them", async () => {
  const created: V1Pod[] = [];
  await using bench = await openBench({
    mirrors: {
      node: () => node,
      createPod: (pod) => {
        created.push(pod);
        if (created.length > 100) return new Promise(() => undefined);
        const annotations = { ...pod.metadata?.annotations, "kubernetes.io/config.mirror": "another" };
        const told = { uid: `m${created.length}`, annotations };
        return Promise.resolve({ metadata: Object.assign({}, pod.metadata, told), spec: pod.spec });
      },
      deletePod: () => Promise.resolve(),
    },
  });
  bench.add(staticPod());
  bench.source$.next({ type: "synced" });
  await bench.until(() => created.length > 0);
  await bench.clock.advance(600_000);
  expect(created.length).toBeGreaterThan(2);
  expect(created.length).toBeLessThan(20);
});

describe("a node with static pods", () => {
  it("runs them before it knows of the API server's pods, and shows them when it does", async () => {
    const api = await openApi();
    await using bench = api.bench;
    bench.add(staticPod());
    await bench.started();
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    expect(api.calls).toStrictEqual([]);
    synced(api);
    await bench.until(() => api.calls.includes("m1 Running"));
    expect(api.calls).toStrictEqual(["create m1", "m1 Running"]);
    bench.containers[0]?.exit(0);
    await bench.until(() => api.calls.at(-1) === "m1 Succeeded");
  });

  it("takes up the mirror that there is, and makes one anew that somebody deletes", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = staticPod();
    bench.add(pod);
    bench.add(mirror(pod, "old"));
    synced(api);
    await bench.until(() => api.calls.includes("old Running"));
    expect(bench.containers).toHaveLength(1);
    bench.source$.next({ type: "updated", pod: mirror(pod, "old", { deletionTimestamp: seen }) });
    await bench.until(() => api.calls.includes("m1 Running"));
    // What the watch tells of the old one comes late.
    bench.source$.next({ type: "updated", pod: mirror(pod, "old", { deletionTimestamp: seen }) });
    bench.remove(mirror(pod, "old"), 0);
    bench.source$.next({ type: "added", pod: mirror(pod, "m1") });
    await bench.clock.advance(100);
    expect(api.calls).toStrictEqual(["old Running", "delete old 0", "create m1", "m1 Running"]);
    bench.remove(mirror(pod, "m1"), 0);
    await bench.until(() => api.calls.includes("m2 Running"));
    expect(bench.containers).toHaveLength(1);
  });

  it("replaces the mirror of an earlier version, and removes those of pods that are no more", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = staticPod("app:v2");
    bench.add(pod);
    bench.add(mirror(staticPod("app:v1"), "old"));
    const gone = staticPodOf({ metadata: { name: "gone" } }, { nodeName: "Node1", file: "f", seen });
    bench.add(mirror(gone, "orphan"));
    await bench.started();
    expect(api.calls).toStrictEqual([]);
    synced(api);
    await bench.until(() => api.calls.includes("m1 Running"));
    expect(api.calls).toContain("delete old 0");
    expect(api.calls).toContain("delete orphan 0");
    bench.remove(pod);
    await bench.until(() => api.calls.at(-1) === "delete m1 0");
    await bench.until(() => bench.kubelet.pods().length === 0);
  });

  it("tries a mirror again that cannot be made; the pod runs meanwhile", async () => {
    const api = await openApi();
    await using bench = api.bench;
    api.refused = 2;
    bench.add(staticPod());
    synced(api);
    await bench.started();
    await bench.until(() => bench.failures.length === 1);
    await bench.clock.advance(5000);
    await bench.until(() => api.calls.includes("m1 Running"));
    expect(bench.failures.map(({ action }) => action)).toStrictEqual(["mirror", "mirror"]);
  });

  it("runs one again that comes back, just as it was, while it goes", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = staticPod();
    bench.add(pod);
    const container = await bench.started();
    container.stubborn = true;
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    bench.remove(pod);
    await bench.until(() => container.terminated > 0);
    bench.add(pod);
    container.exit(0);
    expect((await bench.started(1)).plan.pod.uid).toBe(pod.metadata?.uid);
  });

  it("never runs a pod that calls itself a mirror", async () => {
    const api = await openApi();
    await using bench = api.bench;
    const pod = podOf([{ name: "app" }], {}, { annotations: { "kubernetes.io/config.mirror": "x" } });
    bench.add(pod);
    synced(api);
    await bench.until(() => api.calls.length > 0);
    expect(api.calls).toStrictEqual([`delete ${pod.metadata?.uid} 0`]);
    expect(bench.containers).toHaveLength(0);
  });
});
