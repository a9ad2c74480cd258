/** What goes wrong around a node, through a proxy before the API server that makes it go wrong. */
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster, FaultProxy } from "@krustlet/control-plane";
import { startFaultProxy } from "@krustlet/control-plane";
import { pathOf } from "@krustlet/kube";
import { buildCncfArtifact, pushArtifact, startRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demo } from "../krustlet.ts";
import { askNode } from "./ask-node.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";

const SLEEP = "sleep(3600000)";
let cluster: Cluster;
let proxy: FaultProxy;
let node: TestNode;

beforeAll(async () => {
  cluster = await sharedCluster();
  proxy = await startFaultProxy(cluster.address);
  node = await joinNode(cluster, { server: proxy.server });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

const restartsOf = (pod: V1Pod): number | undefined => pod.status?.containerStatuses?.[0]?.restartCount;
const ready = (name: string, ms?: number): Promise<V1Pod> =>
  node.pods.until(name, "Ready", hasCondition("Ready"), ms);
const succeeds = (name: string, ms?: number): Promise<V1Pod> =>
  node.pods.until(name, "Succeeded", inPhase("Succeeded"), ms);
const isStatusPatch = ({ method, path }: { method: string; path: string }): boolean =>
  method === "PATCH" && /\/pods\/[^/]+\/status$/.test(path);

/** Runs pods through their whole lives: some that end, one that stays and is deleted. */
async function runLives(prefix: string): Promise<void> {
  const ending = [1, 2, 3].map((number) => `${prefix}-${number}`);
  const staying = `${prefix}-stays`;
  await node.create(
    ...ending.map((name) => podOf(name, [exerciser([say(name)])])),
    podOf(staying, [exerciser([SLEEP])]),
  );
  await Promise.all(ending.map((name) => succeeds(name, 45_000)));
  const pod = await ready(staying, 45_000);
  expect(restartsOf(pod)).toBe(0);
  for (const name of ending) expect(await node.kubectl(["logs", name])).toBe(name);
  await node.kubectl(["delete", "pod", staying, ...ending, "--wait=false"]);
  await Promise.all([staying, ...ending].map((name) => node.pods.untilGone(name, 45_000)));
}

describe("an API server that is hard to talk to", () => {
  test("answers 409 to every second status: all of them land in the end", async () => {
    using rule = proxy.rule({
      match: isStatusPatch,
      nth: (count) => count % 2 === 1,
      fault: { kind: "answer", status: 409 },
    });
    await runLives("conflict");
    expect(rule.hits).toBeGreaterThan(0);
  });

  test("answers 429 to every second request: nobody asks again before the time it names", async () => {
    using rule = proxy.rule({
      match: ({ path }) => path.includes("/pods") || path.includes("/events"),
      nth: (count) => count % 2 === 1,
      fault: { kind: "answer", status: 429, retryAfterSeconds: 1 },
    });
    await runLives("throttled");
    expect(rule.hits).toBeGreaterThan(0);
  });

  test("does what it is told and the answer gets lost: nothing is done twice", async () => {
    using rule = proxy.rule({
      match: ({ method, path }) => method !== "GET" && path.includes("/pods/"),
      nth: (count) => count % 2 === 1,
      fault: { kind: "cut", when: "answered" },
    });
    await runLives("lost");
    expect(rule.hits).toBeGreaterThan(0);
  });

  test("takes its time", async () => {
    using rule = proxy.rule({ match: ({ watch }) => !watch, fault: { kind: "delay", ms: 700 } });
    await runLives("slow");
    expect(rule.hits).toBeGreaterThan(0);
  });
});

describe("a watch", () => {
  test("that is cut loses nothing that happened meanwhile", async () => {
    await node.create(podOf("before-cut", [exerciser([SLEEP])]));
    await ready("before-cut");
    {
      using _away = proxy.rule({ match: ({ watch }) => watch, fault: { kind: "cut", when: "before" } });
      expect(proxy.cutWatches()).toBeGreaterThan(0);
      await node.create(podOf("during-cut", [exerciser([say("here")])]));
      await node.kubectl(["delete", "pod", "before-cut", "--wait=false"]);
    }
    await succeeds("during-cut");
    await node.pods.untilGone("before-cut");
  });

  test("that is told 410 Gone lists again, and finds what came and what went", async () => {
    await node.create(podOf("before-gone", [exerciser([SLEEP])]));
    await ready("before-gone");
    using rule = proxy.rule({
      match: ({ watch, path, query }) => watch && path.endsWith("/pods") && query.has("resourceVersion"),
      nth: (count) => count === 1,
      fault: { kind: "answer", status: 410 },
    });
    {
      using _away = proxy.rule({ match: ({ watch }) => watch, fault: { kind: "cut", when: "before" } });
      proxy.cutWatches();
      await node.kubectl(["delete", "pod", "before-gone", "--force", "--grace-period=0"]);
      await node.create(podOf("during-gone", [exerciser([say("here")])]));
    }
    await succeeds("during-gone");
    expect(rule.hits).toBe(1);
    // What was deleted by force is not only gone from the API server: nothing of it runs on.
    const running = (): Promise<string> => askNode(cluster, node.port, "/runningpods/");
    await expect.poll(running, { timeout: 15_000 }).not.toContain("before-gone");
  });
});

describe("an API server that is away", () => {
  test("for a while: pods run on, end, and their status catches up; none is started again", async () => {
    await node.create(
      podOf("outlasts", [exerciser([SLEEP])], { restartPolicy: "Always" }),
      podOf("ends-meanwhile", [exerciser([say("so long"), "sleep(6000)"])]),
    );
    const before = await ready("outlasts");
    await ready("ends-meanwhile");
    await proxy.down();
    // How long it is away is what this is about: longer than the guest runs and than calls are waited for.
    await setTimeout(20_000);
    await proxy.up();
    await succeeds("ends-meanwhile", 15_000);
    await node.create(podOf("afterwards", [exerciser([say("again")])]));
    await succeeds("afterwards", 15_000);
    const { status } = JSON.parse(await node.kubectl(["get", "pod", "outlasts", "--output=json"])) as V1Pod;
    expect(status?.containerStatuses?.[0]?.containerID).toBe(
      before.status?.containerStatuses?.[0]?.containerID,
    );
    expect(status?.containerStatuses?.[0]?.restartCount).toBe(0);
    await node.kubectl(["delete", "pod", "outlasts"]);
  });
});

describe("a node", () => {
  test("renews its Lease while guests compute without end", async () => {
    await node.create(...[1, 2, 3, 4].map((number) => podOf(`spins-${number}`, [exerciser(["spin()"])])));
    await Promise.all([1, 2, 3, 4].map((number) => ready(`spins-${number}`)));
    const renewed = async (): Promise<number> => {
      const lease = await cluster.kubectlOutput([
        "get",
        "lease",
        node.name,
        "-n",
        "kube-node-lease",
        "-o",
        "json",
      ]);
      return Date.parse(JSON.parse(lease).spec.renewTime);
    };
    const first = await renewed();
    await expect.poll(renewed, { timeout: 15_000, interval: 500 }).toBeGreaterThan(first);
    const second = await renewed();
    await expect.poll(renewed, { timeout: 13_000, interval: 200 }).toBeGreaterThan(second);
    expect(((await renewed()) - second) / 1000).toBeLessThan(12);
    const names = [1, 2, 3, 4].map((number) => `spins-${number}`);
    await node.kubectl(["delete", "pod", ...names, "--wait=false"]);
    await Promise.all(names.map((name) => node.pods.untilGone(name)));
  });

  test("ends a hundred pods that are deleted at once", { timeout: 180_000 }, async () => {
    const names = Array.from({ length: 100 }, (_, index) => `many-${index}`);
    await node.create(
      ...names.map((name) => podOf(name, [exerciser([SLEEP])], {}, { labels: { many: "yes" } })),
    );
    await Promise.all(names.map((name) => ready(name, 90_000)));
    const path = pathOf("api", "v1", "namespaces", node.namespace, "pods");
    await node.kube.request({ method: "DELETE", path, query: { labelSelector: "many" } });
    await Promise.all(names.map((name) => node.pods.untilGone(name, 60_000)));
    expect(await node.kubectl(["get", "pods", "--selector=many", "--output=name"])).toBe("");
  });

  test("waits for a registry that is down, and pulls when it is back", { timeout: 120_000 }, async () => {
    const artifact = buildCncfArtifact(await readFile(demo("exerciser", "build", "exerciser.wasm")));
    const push = async (url: string): Promise<void> => {
      await pushArtifact(artifact, { url, repository: "exerciser", tag: "v1" });
    };
    const first = await startRegistry();
    const { host } = first;
    await first[Symbol.asyncDispose]();
    await node.create(podOf("patient", [exerciser([say("pulled")], { image: `${host}/exerciser:v1` })]));
    const reason = (pod: V1Pod): string | undefined =>
      pod.status?.containerStatuses?.[0]?.state?.waiting?.reason;
    await node.pods.until("patient", "told why", (pod) => reason(pod) === "RegistryUnavailable");
    await node.pods.until("patient", "in ImagePullBackOff", (pod) => reason(pod) === "ImagePullBackOff");
    await using registry = await startRegistry({ port: Number(host.split(":")[1]) });
    await push(registry.url);
    await succeeds("patient", 60_000);
    expect(await node.kubectl(["logs", "patient"])).toBe("pulled");
  });
});
