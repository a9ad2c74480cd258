/** The disk that a node keeps everything on fills up, and is emptied again. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KUBELET_EVICTION_HARD } from "@krustlet/control-plane";
import type { Artifact } from "@krustlet/testkit";
import { buildCncfArtifact, pushArtifact, startRegistry } from "@krustlet/testkit";
import type { CoreV1Event, V1Node } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { compileGuests, guest } from "../compile-guests.ts";
import { demo } from "../krustlet.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

/** Whether this process may mount; elsewhere there is no small disk to fill. */
const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0;

async function smallDisk(size: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "krustlet-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], {
    encoding: "utf8",
  });
  if (mounted.status !== 0) throw new Error(mounted.stderr);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      spawnSync("umount", ["--lazy", path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

const artifactOf = async (name: string): Promise<Artifact> =>
  buildCncfArtifact(await readFile(demo(name, "build", `${name}.wasm`)));

describe.skipIf(!mayMount)("a node on a disk that is full", () => {
  const conditionOf = ({ status }: V1Node, type: string): string | undefined =>
    status?.conditions?.find((each) => each.type === type)?.status;
  const messagesOf = async (node: TestNode, reason: string, selector: string): Promise<readonly string[]> => {
    const list = await node.cluster.kubectlOutput([
      "get",
      "events",
      "--all-namespaces",
      `--field-selector=reason=${reason},${selector}`,
      "--output=json",
    ]);
    return (JSON.parse(list) as { items: CoreV1Event[] }).items.map(
      ({ type, message }) => `${type}: ${message}`,
    );
  };

  test(
    "evicts the pod that fills it, keeps the others with their logs, images and checkpoints, and recovers by itself",
    { timeout: 180_000 },
    async () => {
      compileGuests();
      await using registry = await startRegistry();
      for (const [repository, name] of [
        ["kept", "exerciser"],
        ["unused", "hello"],
      ] as const)
        await pushArtifact(await artifactOf(name), { url: registry.url, repository, tag: "v1" });
      await using disk = await smallDisk("64m");
      await using node = await joinNode(await sharedCluster(), {
        directory: join(disk.path, "node"),
        // The kubelet holds a pressure for five minutes, and an image for two.
        evictionHard: KUBELET_EVICTION_HARD,
        args: ["--eviction-pressure-transition-period=5s", "--minimum-image-ttl-duration=1s"],
      });
      const image = `${registry.host}/kept:v1`;
      const images = async (): Promise<string> => JSON.stringify((await node.object()).status?.images ?? []);
      await node.create(
        podOf("once", [{ name: "main", image: `${registry.host}/unused:v1` }]),
        podOf("bystander", [exerciser([say("here\n"), "sleep(600000)"], { image })], {
          terminationGracePeriodSeconds: 0,
        }),
      );
      await node.pods.until("once", "Succeeded", inPhase("Succeeded"));
      await node.pods.until("bystander", "Ready", hasCondition("Ready"));
      await expect.poll(images, { timeout: 30_000 }).toContain("unused:v1");
      expect(conditionOf(await node.object(), "DiskPressure")).toBe("False");

      await node.create(
        podOf(
          "filler",
          [
            {
              name: "main",
              image: `fs/${guest("fill-disk")}`,
              args: ["/data/file"],
              volumeMounts: [{ name: "data", mountPath: "/data" }],
            },
          ],
          { volumes: [{ name: "data", emptyDir: {} }] },
        ),
      );
      const evicted = await node.pods.until("filler", "Failed", inPhase("Failed"), 60_000);
      expect(evicted.status).toMatchObject({ reason: "Evicted" });
      const message = evicted.status?.message ?? "";
      expect(message).toMatch(
        /^The node was low on resource: ephemeral-storage\. Threshold quantity: \d+, available: \w+\. (Container main was using \d+Ki, request is 0, has larger consumption of ephemeral-storage\. )?$/,
      );
      expect(evicted.status?.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
        status: "True",
        reason: "TerminationByKubelet",
        message,
      });
      const ofFiller = `involvedObject.namespace=${node.namespace},involvedObject.name=filler`;
      await expect.poll(() => messagesOf(node, "Evicted", ofFiller)).toEqual([`Warning: ${message}`]);
      const ofNode = `involvedObject.kind=Node,involvedObject.name=${node.name}`;
      await expect
        .poll(() => messagesOf(node, "EvictionThresholdMet", ofNode))
        .toContain("Warning: Attempting to reclaim ephemeral-storage");
      await expect.poll(() => messagesOf(node, "NodeHasDiskPressure", ofNode)).toHaveLength(1);

      const pressure = async (): Promise<string | undefined> =>
        conditionOf(await node.object(), "DiskPressure");
      await expect.poll(pressure, { timeout: 60_000 }).toBe("False");
      const taints = async (): Promise<readonly string[]> =>
        ((await node.object()).spec?.taints ?? []).map(({ key }) => key);
      await expect.poll(taints, { timeout: 20_000 }).not.toContain("node.kubernetes.io/disk-pressure");
      await expect.poll(images, { timeout: 30_000 }).not.toContain("unused:v1");
      expect(await images()).toContain("kept:v1");

      const stays = node.pods.history("bystander").at(-1);
      expect(stays?.status).toMatchObject({ phase: "Running", containerStatuses: [{ restartCount: 0 }] });
      expect(await node.kubectl(["logs", "bystander"])).toBe("here\n");
      expect(await node.kubectl(["logs", "once"])).toContain("Hello from AssemblyScript!");
      const checkpoint = join(node.root, "checkpoints", `${stays?.metadata?.uid}.json`);
      expect(JSON.parse(await readFile(checkpoint, "utf8"))).toMatchObject({ name: "bystander" });
      expect(await readdir(join(node.root, "pods"))).not.toContain(evicted.metadata?.uid);

      await node.create(podOf("afterwards", [exerciser([say("room")], { image, imagePullPolicy: "Never" })]));
      await node.pods.until("afterwards", "Succeeded", inPhase("Succeeded"), 60_000);
      expect(await node.kubectl(["logs", "afterwards"])).toBe("room");
    },
  );

  test(
    "that others fill says so, keeps its heartbeat and takes no pods, and recovers when it is emptied",
    { timeout: 180_000 },
    async () => {
      await using disk = await smallDisk("64m");
      await using node = await joinNode(await sharedCluster(), {
        directory: join(disk.path, "node"),
        evictionHard: KUBELET_EVICTION_HARD,
        args: ["--eviction-pressure-transition-period=5s"],
      });
      const pressure = ({ status }: V1Node): string | undefined =>
        status?.conditions?.find(({ type }) => type === "DiskPressure")?.status;
      expect(pressure(await node.object())).toBe("False");

      const filler = join(disk.path, "filler");
      await expect(writeFile(filler, Buffer.alloc(128 * 1024 * 1024))).rejects.toThrow("ENOSPC");
      await expect.poll(async () => pressure(await node.object()), { timeout: 40_000 }).toBe("True");
      await expect
        .poll(async () => (await node.object()).spec?.taints?.map(({ key }) => key), { timeout: 20_000 })
        .toContain("node.kubernetes.io/disk-pressure");
      await node.create(podOf("not-now", [exerciser([])], { nodeName: node.name }));
      const refused = await node.pods.until("not-now", "Failed", inPhase("Failed"));
      expect(refused.status).toMatchObject({
        reason: "Evicted",
        message: "Pod was rejected: The node had condition: [DiskPressure]. ",
      });
      await rm(filler);
      await expect.poll(async () => pressure(await node.object()), { timeout: 60_000 }).toBe("False");
      await node.create(podOf("afterwards", [exerciser([say("room")])]));
      await node.pods.until("afterwards", "Succeeded", inPhase("Succeeded"), 60_000);
      expect(await node.kubectl(["logs", "afterwards"])).toBe("room");
    },
  );
});
