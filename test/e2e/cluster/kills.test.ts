/** The node's process is killed at every moment of a pod's life, and takes up what was there. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { FaultProxy } from "@krustlet/control-plane";
import { startFaultProxy } from "@krustlet/control-plane";
import { buildCncfArtifact } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guest } from "../compile-guests.ts";
import { startFaultyRegistry } from "../faulty-registry.ts";
import { demo } from "../krustlet.ts";
import { askNode } from "./ask-node.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

const SLEEP = "sleep(3600000)";
let proxy: FaultProxy;
let node: TestNode;
beforeAll(async () => {
  const cluster = await sharedCluster();
  proxy = await startFaultProxy(cluster.address);
  node = await joinNode(cluster, { server: proxy.server });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

const again = async (): Promise<void> => {
  await node.process.kill();
  await node.process.start();
};

const get = async (name: string): Promise<V1Pod> =>
  JSON.parse(await node.kubectl(["get", "pod", name, "--output=json"])) as V1Pod;
const containerOf = (pod: V1Pod): V1ContainerStatus | undefined => pod.status?.containerStatuses?.[0];
/** How a run ended of which nobody knows how it did. */
const LOST = { exitCode: 137, reason: "ContainerStatusUnknown" };

/** A pod whose guest leaves a line at each run, and runs until it is killed. */
async function createCounted(
  name: string,
  module: string,
  restartPolicy: string,
): Promise<() => Promise<number>> {
  const out = join(node.root, "..", "counted");
  await mkdir(out, { recursive: true });
  const container = {
    name: "main",
    image: `fs/${guest(module)}`,
    args: [`/out/${name}`],
    volumeMounts: [{ name: "out", mountPath: "/out" }],
  };
  await node.create(
    podOf(name, [container], {
      restartPolicy,
      terminationGracePeriodSeconds: 20,
      volumes: [{ name: "out", hostPath: { path: out } }],
    }),
  );
  return async () => {
    const text = await readFile(join(out, name), "utf8").catch(() => "");
    return text.split("\n").length - 1;
  };
}

describe("a node that is killed while it starts containers", () => {
  const POLICIES = ["Always", "Never"] as const;

  /** What was lost is one run, wherever it had come to: it is made up for where the policy says so, and never else. */
  async function expectOneLostRun(prefix: string): Promise<void> {
    const always = await node.pods.until(`${prefix}-always`, "Ready again", hasCondition("Ready"));
    expect(containerOf(always)).toMatchObject({ restartCount: 1, lastState: { terminated: LOST } });
    const never = await node.pods.until(`${prefix}-never`, "Failed", inPhase("Failed"));
    expect(containerOf(never)).toMatchObject({ restartCount: 0, state: { terminated: LOST } });
  }

  const createBoth = (prefix: string, module: string) =>
    Promise.all(POLICIES.map((policy) => createCounted(`${prefix}-${policy.toLowerCase()}`, module, policy)));
  const names = (prefix: string): readonly string[] =>
    POLICIES.map((policy) => `${prefix}-${policy.toLowerCase()}`);

  test("before their first instruction counts a run that may have been, and runs none twice", async () => {
    // A module that it takes the node some tenths of a second to make ready, after the note that a run begins.
    const runs = await createBoth("begun", "large");
    const noted = await Promise.all(
      names("begun").map(async (name) =>
        join(node.root, "checkpoints", `${(await get(name)).metadata?.uid}.json`),
      ),
    );
    const isNoted = async (path: string): Promise<boolean> =>
      (await readFile(path, "utf8").catch(() => "")).includes('"run":');
    while (!(await Promise.all(noted.map(isNoted))).every(Boolean)) await setImmediate();
    await node.process.pause();
    for (const count of runs) expect(await count()).toBe(0);
    await again();
    await expectOneLostRun("begun");
    await expect.poll(() => Promise.all(runs.map((count) => count()))).toEqual([1, 0]);
    await node.kubectl(["delete", "pod", ...names("begun"), "--force", "--grace-period=0"]);
  });

  test("after it, before anybody was told, tells the run that was lost, and runs none twice", async () => {
    let runs: readonly (() => Promise<number>)[];
    {
      using rule = proxy.rule({
        match: ({ method, path }) => method === "PATCH" && /\/pods\/untold-[a-z]+\/status$/.test(path),
        fault: { kind: "stall" },
      });
      runs = await createBoth("untold", "deaf");
      for (const count of runs) await expect.poll(count, { timeout: 15_000, interval: 10 }).toBe(1);
      await node.process.kill();
      expect(rule.hits).toBeGreaterThan(0);
    }
    for (const name of names("untold")) expect(containerOf(await get(name))).toBeUndefined();
    await node.process.start();
    await expectOneLostRun("untold");
    await expect.poll(() => Promise.all(runs.map((count) => count()))).toEqual([2, 1]);
    await node.kubectl(["delete", "pod", ...names("untold"), "--force", "--grace-period=0"]);
  });
});

describe("a node that is killed", () => {
  test("while it pulls an image pulls it when it comes back", async () => {
    const artifact = buildCncfArtifact(await readFile(demo("exerciser", "build", "exerciser.wasm")));
    let stalls = true;
    // A blob that never comes, until it may.
    await using registry = await startFaultyRegistry(
      artifact,
      (_request, _response, path) => stalls && path.includes("/blobs/"),
    );
    await node.create(
      podOf("pulling", [exerciser([say("pulled")], { image: `${registry.host}/exerciser:v1` })]),
    );
    await expect
      .poll(() => registry.requests.some((request) => request.includes("/blobs/")), { timeout: 15_000 })
      .toBe(true);
    await node.process.kill();
    stalls = false;
    await node.process.start();
    const pulled = await node.pods.until("pulling", "Succeeded", inPhase("Succeeded"));
    expect(containerOf(pulled)).toMatchObject({ restartCount: 0, lastState: {} });
    expect(await node.kubectl(["logs", "pulling"])).toBe("pulled");
  });

  test("while a volume waits for its ConfigMap mounts it when it comes back", async () => {
    const spec = { volumes: [{ name: "v", configMap: { name: "later" } }] };
    const mount = { volumeMounts: [{ name: "v", mountPath: "/v" }] };
    await node.create(
      podOf(
        "mounting",
        [exerciser(["read(file:/v/text)to(var:t)", "write(var:t)to(stm:stdout)"], mount)],
        spec,
      ),
    );
    await node.pods.until("mounting", "waiting", ({ status }) =>
      Boolean(status?.containerStatuses?.[0]?.state?.waiting),
    );
    await again();
    await node.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "later" },
      data: { text: "mounted" },
    });
    const mounted = await node.pods.until("mounting", "Succeeded", inPhase("Succeeded"), 60_000);
    expect(containerOf(mounted)).toMatchObject({ restartCount: 0, lastState: {} });
    expect(await node.kubectl(["logs", "mounting"])).toBe("mounted");
  });

  test("while it runs a pod runs that again, once, where its policy says so", async () => {
    const count = await createCounted("running", "deaf", "Always");
    const { status } = await node.pods.until("running", "Ready", hasCondition("Ready"));
    await expect.poll(count).toBe(1);
    await again();
    const after = await node.pods.until(
      "running",
      "Ready again",
      (pod) => containerOf(pod)?.restartCount === 1 && hasCondition("Ready")(pod),
    );
    const { containerID } = status?.containerStatuses?.[0] ?? {};
    expect(containerOf(after)).toMatchObject({ lastState: { terminated: { ...LOST, containerID } } });
    await expect.poll(count).toBe(2);
    await node.kubectl(["delete", "pod", "running", "--force", "--grace-period=0"]);
  });

  test("while it waits for a guest to stop ends the pod when it comes back, and runs nothing again", async () => {
    const count = await createCounted("stopping", "deaf", "Always");
    await node.pods.until("stopping", "Ready", hasCondition("Ready"));
    await expect.poll(() => node.kubectl(["logs", "stopping"])).toBe("deaf\n");
    await node.kubectl(["delete", "pod", "stopping", "--wait=false"]);
    const events = [
      "get",
      "events",
      "--field-selector=involvedObject.name=stopping,reason=Killing",
      "--output=name",
    ];
    await expect.poll(() => node.kubectl(events), { timeout: 15_000 }).not.toBe("");
    await again();
    await node.pods.untilGone("stopping");
    expect(node.pods.history("stopping").at(-1)?.metadata?.deletionTimestamp).toBeDefined();
    expect(await count()).toBe(1);
  });

  test(
    "again and again while pods come and go, has in the end exactly those that there are",
    { timeout: 240_000 },
    async () => {
      const names = Array.from({ length: 8 }, (_, index) => `many-${index}`);
      const out = join(node.root, "..", "out");
      await mkdir(out);
      const spec = { volumes: [{ name: "out", hostPath: { path: out } }] };
      const mount = { volumeMounts: [{ name: "out", mountPath: "/out" }] };
      for (const [index, name] of names.entries()) {
        const stays = index % 2 === 0;
        const args = [`write(lit:${name})to(file:/out/${name})`, ...(stays ? [SLEEP] : [])];
        await node.create(
          podOf(name, [exerciser(args, mount)], { ...spec, restartPolicy: stays ? "Always" : "OnFailure" }),
        );
        // Each time a little later in the life of the pod that has just come.
        await new Promise((resolve) => setTimeout(resolve, 60 * index));
        await again();
      }
      const [goes = "", ...stay] = names.filter((_, index) => index % 2 === 0);
      await expect.poll(() => readdir(out), { timeout: 30_000 }).toContain(goes);
      await node.kubectl(["delete", "pod", goes, "--wait=false"]);
      await again();
      await node.pods.untilGone(goes);
      const statusOf = async (name: string): Promise<V1Pod["status"]> =>
        (JSON.parse(await node.kubectl(["get", "pod", name, "--output=json"])) as V1Pod).status;
      for (const name of names.filter((_, index) => index % 2 === 1)) {
        await node.pods.until(name, "Succeeded", inPhase("Succeeded"), 60_000);
      }
      for (const name of stay) {
        await expect
          .poll(async () => hasCondition("Ready")({ status: await statusOf(name) }), { timeout: 60_000 })
          .toBe(true);
      }
      expect((await readdir(out)).toSorted()).toEqual(names);
      // What runs is what there is, and nothing of what is gone is left.
      const running = JSON.parse(await askNode(node.cluster, node.port, "/runningpods/")) as {
        items: V1Pod[];
      };
      const own = running.items.filter(({ metadata }) => metadata?.name?.startsWith("many-"));
      expect(new Set(own.map(({ metadata }) => metadata?.name))).toEqual(new Set(stay));
      const uids = JSON.parse(await node.kubectl(["get", "pods", "--output=json"])).items.map(
        ({ metadata }: V1Pod) => metadata?.uid,
      );
      await expect
        .poll(async () =>
          (await readdir(join(node.root, "pods"))).filter((entry) => !uids.includes(entry.split(".")[0])),
        )
        .toEqual([]);
    },
  );
});
