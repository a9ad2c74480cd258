/** A node as the cluster sees it: its object, its Lease, its Events, its log, and how it goes down. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1Lease, V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryDirectory } from "../krustlet.ts";
import { exerciser, podOf } from "./exerciser-pod.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

let node: TestNode;
beforeAll(async () => {
  node = await joinNode(await sharedCluster(), { args: ["-v=4"] });
});
afterAll(() => node[Symbol.asyncDispose]());

describe("a Node", () => {
  test("says that it is one for WebAssembly, by its architecture, a label and two taints", async () => {
    const { metadata, spec, status } = await node.object();
    expect(status?.nodeInfo?.architecture).toBe("wasm-wasi");
    expect(metadata?.labels?.["kubernetes.io/arch"]).toBe("wasm32-wasi");
    const own = spec?.taints?.filter(({ key }) => key === "kubernetes.io/arch");
    expect(own).toHaveLength(2);
    for (const effect of ["NoExecute", "NoSchedule"]) {
      expect(own).toContainEqual({ key: "kubernetes.io/arch", value: "wasm32-wasi", effect });
    }
  });

  test("has its address, room for the usual number of pods, and Krustlet as its runtime", async () => {
    const { status } = await node.object();
    expect(status?.addresses?.[0]?.address).toBe("127.0.0.1");
    expect(status?.allocatable?.["pods"]).toBe("110");
    expect(status?.nodeInfo?.containerRuntimeVersion).toMatch(/^krustlet:/u);
  });

  test("has a Lease of its own that it renews", async () => {
    const lease = async (): Promise<V1Lease> => {
      const args = ["get", "lease", node.name, "--namespace=kube-node-lease", "--output=json"];
      return JSON.parse(await node.cluster.kubectlOutput(args)) as V1Lease;
    };
    const { metadata, spec } = await lease();
    expect(spec?.leaseDurationSeconds).toBe(40);
    expect(metadata?.ownerReferences?.map(({ name }) => name)).toEqual([node.name]);
    await expect
      .poll(async () => (await lease()).spec?.renewTime, { timeout: 15_000 })
      .not.toBe(spec?.renewTime);
  });

  test("tells Events of itself", async () => {
    const events = (): Promise<string> =>
      node.cluster.kubectlOutput(["events", "--for", `node/${node.name}`, "-A"]);
    await expect.poll(events, { timeout: 15_000 }).toContain("Starting kubelet.");
  });
});

describe("the log", () => {
  test("holds no token, and names the pod in each line that is about one", async () => {
    await node.create(podOf("logged", [exerciser(["exit(0)"])]));
    await node.pods.until("logged", "Succeeded", inPhase("Succeeded"));
    await node.kubectl(["delete", "pod", "logged"]);
    const text = await node.log();
    const parsed = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const pod = `${node.namespace}/logged`;
    expect(parsed.some((line) => line["pod"] === pod && line["container"] === "main")).toBe(true);
    expect(text).not.toMatch(/eyJ[\w-]{10,}\./u);
  });
});

describe("a node that goes down", () => {
  test("says that it is not ready, and ends its pods for good within the time that they are given", async () => {
    await using home = await temporaryDirectory();
    const config = join(home.path, "kubelet.yaml");
    const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
    await writeFile(config, `${head}shutdownGracePeriod: 10s\nshutdownGracePeriodCriticalPods: 2s\n`);
    await using down = await joinNode(node.cluster, { args: ["--config", config] });
    await down.create(podOf("doomed", [exerciser(["sleep(600000)"])], { terminationGracePeriodSeconds: 2 }));
    await down.pods.until("doomed", "Ready", hasCondition("Ready"));
    await down.process.stop();
    expect(down.process.exitCode).toBe(0);
    const ended = JSON.parse(await down.kubectl(["get", "pod", "doomed", "--output=json"])) as V1Pod;
    expect(ended.status).toMatchObject({
      phase: "Failed",
      reason: "Terminated",
      message: "Pod was terminated in response to imminent node shutdown.",
    });
    expect(ended.status?.conditions).toContainEqual(
      expect.objectContaining({ type: "DisruptionTarget", reason: "TerminationByKubelet" }),
    );
    const { status } = await down.object();
    expect(status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
      message: "node is shutting down",
    });
  });
});
