/** The control plane itself goes away, is killed, or gets slow: a node carries on, and catches up. */
import { setTimeout } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { ControlPlane } from "@krustlet/control-plane";
import { startControlPlane } from "@krustlet/control-plane";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

const SLEEP = "sleep(3600000)";
/** How soon a node has caught up once its API server answers: the next call that gets through wakes its watches. */
const SOON_MS = 15_000;
let own: ControlPlane;
let node: TestNode;
beforeAll(async () => {
  own = await startControlPlane();
  node = await joinNode(own);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await own[Symbol.asyncDispose]();
});

const statusOf = async (name: string): Promise<V1Pod["status"]> =>
  (JSON.parse(await node.kubectl(["get", "pod", name, "--output=json"])) as V1Pod).status;

/** A pod that runs through what `happens`, and the proof that it did so untouched. */
async function expectOutlasts(name: string, happens: () => Promise<void>): Promise<void> {
  // The scheduler may take a minute to look again after the test before: this is not about it.
  const spec = { nodeName: node.name, restartPolicy: "Always" };
  await node.create(podOf(name, [exerciser([SLEEP])], spec));
  const before = await node.pods.until(name, "Ready", hasCondition("Ready"));
  await happens();
  const after = `after-${name}`;
  await node.create(podOf(after, [exerciser([say("here")])], { nodeName: node.name }));
  await node.pods.until(after, "Succeeded", inPhase("Succeeded"), SOON_MS);
  const [container] = (await statusOf(name))?.containerStatuses ?? [];
  expect(container).toMatchObject({
    restartCount: 0,
    ready: true,
    containerID: before.status?.containerStatuses?.[0]?.containerID,
  });
}

describe("a node whose API server", () => {
  test(
    "is stopped for a minute keeps its pods, and tells what became of them meanwhile",
    { timeout: 240_000 },
    async () => {
      await expectOutlasts("stopped", async () => {
        await node.create(podOf("ends-meanwhile", [exerciser(["sleep(20000)", "exit(4)"])]));
        await node.pods.until("ends-meanwhile", "Ready", hasCondition("Ready"));
        await own.apiServer.stop();
        // Longer than the Lease holds.
        await setTimeout(60_000);
        await own.apiServer.start();
        const ended = await node.pods.until("ends-meanwhile", "Failed", inPhase("Failed"), SOON_MS);
        expect(ended.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
          exitCode: 4,
          reason: "Error",
        });
      });
    },
  );

  test(
    "is killed and comes back with all watches gone goes on as if nothing had been",
    { timeout: 180_000 },
    async () => {
      await expectOutlasts("killed", async () => {
        await own.apiServer.kill();
        await own.apiServer.start();
      });
    },
  );

  test("waits for an etcd that stands still for a while loses nothing", { timeout: 180_000 }, async () => {
    await expectOutlasts("slow-etcd", async () => {
      const creating = node.create(podOf("during", [exerciser([say("late")])], { nodeName: node.name }));
      await own.etcd.pause();
      await setTimeout(15_000);
      own.etcd.resume();
      await creating;
      await node.pods.until("during", "Succeeded", inPhase("Succeeded"), SOON_MS);
    });
  });
});
