/** The node's process ends and comes back: what becomes of its pods. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";

const SLEEP = "sleep(3600000)";
const restartsOf = (pod: V1Pod): number => pod.status?.containerStatuses?.[0]?.restartCount ?? 0;

describe("a node whose process", () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await joinNode(await sharedCluster());
  });
  afterAll(() => node[Symbol.asyncDispose]());

  const ends = [
    ["is killed", () => node.process.kill()],
    ["is stopped", () => node.process.stop()],
  ] as const;
  for (const [how, end] of ends) {
    const id = how.replace("is ", "");

    test(`${how} takes up its pods again: what was over stays over, what ran runs once more`, async () => {
      const hostPath = join(node.root, "..", id);
      await mkdir(hostPath);
      const mount = {
        volumeMounts: [
          { name: "hp", mountPath: "/hp" },
          { name: "own", mountPath: "/own" },
        ],
      };
      const volumes = [
        { name: "hp", hostPath: { path: hostPath } },
        { name: "own", emptyDir: {} },
      ];
      await node.create(
        podOf(`over-${id}`, [exerciser([say("done")])]),
        podOf(`runs-${id}`, [exerciser(["write(lit:x)to(file:/own/kept)", say("ran\n"), SLEEP], mount)], {
          restartPolicy: "Always",
          volumes,
        }),
      );
      const over = await node.pods.until(`over-${id}`, "Succeeded", inPhase("Succeeded"));
      await node.pods.until(`runs-${id}`, "Ready", hasCondition("Ready"));
      await expect.poll(() => node.kubectl(["logs", `runs-${id}`]), { timeout: 10_000 }).toBe("ran\n");
      await end();
      await node.process.start();
      const pod = await node.pods.until(
        `runs-${id}`,
        "running again",
        (pod) => restartsOf(pod) === 1 && hasCondition("Ready")(pod),
      );
      expect(pod.status?.phase).toBe("Running");
      expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated).toBeDefined();
      await expect.poll(() => node.kubectl(["logs", `runs-${id}`]), { timeout: 10_000 }).toBe("ran\n");
      expect(await node.kubectl(["logs", `runs-${id}`, "--previous"])).toBe("ran\n");
      expect(await node.kubectl(["logs", `over-${id}`])).toBe("done");
      await expect
        .poll(() => node.kubectl(["events", "--for", `pod/runs-${id}`]), { timeout: 10_000 })
        .toContain("Pod sandbox changed, it will be killed and re-created.");
      const now = await node.kubectl(["get", "pod", `over-${id}`, "--output=json"]);
      expect((JSON.parse(now) as V1Pod).status?.containerStatuses).toEqual(over.status?.containerStatuses);
      await node.kubectl(["delete", "pod", `runs-${id}`]);
    });

    test(`${how} while a pod is deleted ends that pod when it comes back`, async () => {
      await node.create(podOf(`deleted-${id}`, [exerciser([SLEEP])]));
      await node.pods.until(`deleted-${id}`, "Ready", hasCondition("Ready"));
      await end();
      await node.kubectl(["delete", "pod", `deleted-${id}`, "--wait=false"]);
      await node.process.start();
      await node.pods.untilGone(`deleted-${id}`);
      const { stderr } = await node.cluster.kubectl(["get", "pod", `deleted-${id}`, "-n", node.namespace]);
      expect(stderr).toContain("NotFound");
    });
  }
});
