/** The node's process is killed at every moment of a pod's life, and takes up what was there. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { buildCncfArtifact } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFaultyRegistry } from "../faulty-registry.ts";
import { demo } from "../krustlet.ts";
import { askNode } from "./ask-node.ts";
import { exerciser, localImage, podOf, say } from "./exerciser-pod.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

const SLEEP = "sleep(3600000)";
let node: TestNode;
beforeAll(async () => {
  node = await joinNode(await sharedCluster());
});
afterAll(() => node[Symbol.asyncDispose]());

const again = async (): Promise<void> => {
  await node.process.kill();
  await node.process.start();
};

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
    await node.pods.until("pulling", "Succeeded", inPhase("Succeeded"));
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
    await node.pods.until("mounting", "Succeeded", inPhase("Succeeded"), 60_000);
    expect(await node.kubectl(["logs", "mounting"])).toBe("mounted");
  });

  test("while a guest puts things away ends the pod when it comes back", async () => {
    const image = localImage("graceful-stop");
    await node.create(podOf("stopping", [{ name: "main", image }], { terminationGracePeriodSeconds: 20 }));
    await node.pods.until("stopping", "Ready", hasCondition("Ready"));
    await node.kubectl(["delete", "pod", "stopping", "--wait=false"]);
    await again();
    await node.pods.untilGone("stopping");
    expect(node.pods.history("stopping").at(-1)?.metadata?.deletionTimestamp).toBeDefined();
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
