import { request } from "node:https";
import { networkInterfaces } from "node:os";

import type { Cluster } from "@krustlet/control-plane";
import { startRegistry } from "@krustlet/testkit";
import type { TestRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sharedCluster } from "./shared-cluster.ts";
import { startNode } from "./start-node.ts";
import type { ClusterNode } from "./start-node.ts";
import { pushExerciser, wasmPod } from "./wasm-pod.ts";

let cluster: Cluster;
let registry: TestRegistry;
let node: ClusterNode;

/** The API server's proxy does not go to loopback addresses; to this machine's own address it needs no network. */
const address = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

/** What the API server passes on from the node. */
const raw = (path: string): Promise<string> =>
  cluster.kubectlOutput(["get", "--raw", `/api/v1/nodes/node-api/proxy/${path}`]);

/** What the node itself answers to a service account. */
async function asked(
  path: string,
  account: string,
): Promise<{ readonly status?: number; readonly text: string }> {
  const port = await cluster.kubectlOutput([
    "get",
    "node",
    "node-api",
    "-o",
    "jsonpath={.status.daemonEndpoints.kubeletEndpoint.Port}",
  ]);
  const token = account === "" ? "" : (await cluster.kubectlOutput(["create", "token", account])).trim();
  const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, headers, rejectUnauthorized: false, agent: false },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.once("end", () => resolve({ status: answer.statusCode, text }));
      },
    );
    sent.once("error", reject).end();
  });
}

beforeAll(async () => {
  cluster = await sharedCluster();
  registry = await startRegistry();
  const image = await pushExerciser(registry);
  node = await startNode(cluster, {
    name: "node-api",
    args: address === undefined ? [] : ["--node-ip", address],
  });
  const containers = [{ name: "main", image, args: ["sleep(600000)"] }];
  await cluster.apply(wasmPod("node-api", "shown", { containers }));
  await cluster.kubectlOutput(["wait", "pod/shown", "--for=condition=Ready", "--timeout=40s"]);
});
afterAll(async () => {
  await cluster.kubectl(["delete", "pod", "shown", "--ignore-not-found", "--wait=false"]);
  await node[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

describe.skipIf(address === undefined)("the node behind the API server's proxy", () => {
  it("shows its configuration and its health", async () => {
    expect(JSON.parse(await raw("configz"))).toMatchObject({
      kubeletconfig: { kind: "KubeletConfiguration", apiVersion: "kubelet.config.k8s.io/v1beta1" },
    });
    for (const path of ["healthz", "healthz/ping", "healthz/log", "healthz/syncloop"]) {
      await expect(raw(path)).resolves.toBe("ok");
    }
  });

  it("lists its pods, and those that run", async () => {
    const names = async (path: string): Promise<readonly (string | undefined)[]> =>
      (JSON.parse(await raw(path)) as { items: { metadata: { name?: string } }[] }).items.map(
        ({ metadata }) => metadata.name,
      );
    await expect(names("pods")).resolves.toContain("shown");
    await expect(names("runningpods/")).resolves.toStrictEqual(["shown"]);
  });

  it("tells how it is and what its pods use, for Prometheus and metrics-server", async () => {
    const metrics = await raw("metrics");
    expect(metrics).toMatch(/^kubelet_running_pods 1$/mu);
    expect(metrics).toMatch(/^kubelet_pod_start_sli_duration_seconds_count 1$/mu);
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/mu);
    const resource = await raw("metrics/resource");
    expect(resource).toMatch(
      /^container_memory_working_set_bytes\{container="main",namespace="default",pod="shown"\} [1-9]\d+ \d{13}$/mu,
    );
    expect(resource).toMatch(/^node_cpu_usage_seconds_total [\d.]+ \d{13}$/mu);
    expect(JSON.parse(await raw("stats/summary"))).toMatchObject({
      node: { nodeName: "node-api" },
      pods: [{ podRef: { name: "shown", namespace: "default" }, containers: [{ name: "main" }] }],
    });
  });
});

describe("the node's own port", () => {
  it("knows a service account by its token, and lets it see what it may", async () => {
    for (const account of ["stranger", "scraper"]) {
      await cluster.kubectlOutput(["create", "serviceaccount", account]);
    }
    await cluster.kubectlOutput([
      "create",
      "clusterrole",
      "scrape",
      "--verb=get",
      "--resource=nodes/metrics",
    ]);
    const binding = ["--clusterrole=scrape", "--serviceaccount=default:scraper"];
    await cluster.kubectlOutput(["create", "clusterrolebinding", "scrape", ...binding]);
    await expect(asked("/metrics/resource", "")).resolves.toStrictEqual({
      status: 401,
      text: "Unauthorized",
    });
    await expect(asked("/metrics/resource", "stranger")).resolves.toStrictEqual({
      status: 403,
      text: "Forbidden (user=system:serviceaccount:default:stranger, verb=get, resource=nodes, subresource(s)=[metrics])\n",
    });
    await expect(asked("/metrics/resource", "scraper")).resolves.toMatchObject({ status: 200 });
    await expect(asked("/configz", "scraper")).resolves.toMatchObject({
      status: 403,
      text: "Forbidden (user=system:serviceaccount:default:scraper, verb=get, resource=nodes, subresource(s)=[configz proxy])\n",
    });
    await cluster.kubectlOutput(["delete", "clusterrolebinding/scrape", "clusterrole/scrape"]);
    await cluster.kubectlOutput(["delete", "serviceaccount", "stranger", "scraper"]);
  });
});
