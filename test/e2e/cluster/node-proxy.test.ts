/** The node's HTTPS API: what the API server passes on, and who may ask the port itself. */
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import type { RequestOptions } from "node:https";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { exerciser, podOf } from "./exerciser-pod.ts";
import { hasCondition } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

let node: TestNode;

/** The API server's proxy does not go to loopback addresses; to this machine's own address it needs no network. */
const address = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

/** What the API server passes on from the node. */
const raw = (path: string): Promise<string> =>
  node.kubectl(["get", "--raw", `/api/v1/nodes/${node.name}/proxy/${path}`]);

/** What the node's port answers to who shows this: a client's certificate, a token, or nothing. */
function answerOf(
  path: string,
  shown: Pick<RequestOptions, "cert" | "key" | "headers"> = {},
): Promise<{ readonly status?: number; readonly text: string }> {
  const options = { host: "127.0.0.1", port: node.port, path, rejectUnauthorized: false, agent: false };
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, ...shown }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.once("end", () => resolve({ status: answer.statusCode, text }));
    });
    asked.once("error", reject).end();
  });
}

/** The certificate and key of a kubeconfig's only user. */
async function certificateOf(kubeconfig: string): Promise<Pick<RequestOptions, "cert" | "key">> {
  const { users } = parse(await readFile(kubeconfig, "utf8")) as {
    readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
  };
  const decoded = (field: string): string => Buffer.from(users[0]?.user[field] ?? "", "base64").toString();
  return { cert: decoded("client-certificate-data"), key: decoded("client-key-data") };
}

/** A service account's token, as it is sent. */
async function tokenOf(account: string): Promise<Pick<RequestOptions, "headers">> {
  const token = (await node.kubectl(["create", "token", account])).trim();
  return { headers: { Authorization: `Bearer ${token}` } };
}

beforeAll(async () => {
  node = await joinNode(await sharedCluster(), {
    args: address === undefined ? [] : ["--node-ip", address, "--address", "0.0.0.0"],
  });
  await node.create(podOf("shown", [exerciser(["sleep(600000)"])], { terminationGracePeriodSeconds: 2 }));
  await node.pods.until("shown", "Ready", hasCondition("Ready"));
});
afterAll(() => node[Symbol.asyncDispose]());

describe.skipIf(address === undefined)("the node behind the API server's proxy", () => {
  test("shows its configuration and its health", async () => {
    expect(JSON.parse(await raw("configz"))).toMatchObject({
      kubeletconfig: { kind: "KubeletConfiguration", apiVersion: "kubelet.config.k8s.io/v1beta1" },
    });
    for (const path of ["healthz", "healthz/ping", "healthz/log", "healthz/syncloop"]) {
      await expect(raw(path)).resolves.toBe("ok");
    }
  });

  test("lists its pods, and those that run", async () => {
    const names = async (path: string): Promise<readonly (string | undefined)[]> =>
      (JSON.parse(await raw(path)) as { items: { metadata: { name?: string } }[] }).items.map(
        ({ metadata }) => metadata.name,
      );
    await expect(names("pods")).resolves.toContain("shown");
    await expect(names("runningpods/")).resolves.toStrictEqual(["shown"]);
  });

  test("tells how it is and what its pods use, for Prometheus and metrics-server", async () => {
    const metrics = await raw("metrics");
    expect(metrics).toMatch(/^kubelet_running_pods 1$/mu);
    expect(metrics).toMatch(/^kubelet_pod_start_sli_duration_seconds_count 1$/mu);
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/mu);
    const resource = await raw("metrics/resource");
    expect(resource).toMatch(
      new RegExp(
        `^container_memory_working_set_bytes\\{container="main",namespace="${node.namespace}",pod="shown"\\} [1-9]\\d+ \\d{13}$`,
        "mu",
      ),
    );
    expect(resource).toMatch(/^node_cpu_usage_seconds_total [\d.]+ \d{13}$/mu);
    const labels = `container="main",id="/[^"]+/main",image="fs/[^"]+",name="[0-9a-f]{64}",namespace="${node.namespace}",pod="shown"`;
    const cadvisor = await raw("metrics/cadvisor");
    expect(cadvisor).toMatch(
      new RegExp(`^container_memory_working_set_bytes\\{${labels}\\} [1-9]\\d+ \\d{13}$`, "mu"),
    );
    expect(await raw("metrics/slis")).toMatch(
      /^kubernetes_healthcheck\{name="syncloop",type="healthz"\} 1$/mu,
    );
    expect(await raw("metrics/probes")).toBe("");
    expect(JSON.parse(await raw("stats/summary"))).toMatchObject({
      node: { nodeName: node.name },
      pods: [{ podRef: { name: "shown", namespace: node.namespace }, containers: [{ name: "main" }] }],
    });
  });
});

describe("what a node does not do", () => {
  test.each([
    ["exec", ["exec", "shown", "--", "ls"], "does not support exec"],
    ["cp", ["cp", "shown:/etc/hostname", "hostname"], "does not support exec"],
    ["attach", ["attach", "shown"], "does not support attach"],
    ["port-forward", ["port-forward", "shown", "0:80"], "does not support port-forward"],
  ])("kubectl %s says so", async (_name, args, sentence) => {
    await expect(node.kubectl(args)).rejects.toThrow(`unable to upgrade connection: this node ${sentence}`);
  });

  test("an ephemeral container is not started, and its status says so", async () => {
    await node.create(
      podOf("debugged", [exerciser(["sleep(600000)"])], { terminationGracePeriodSeconds: 2 }),
    );
    await node.pods.until("debugged", "Ready", hasCondition("Ready"));
    await node.kubectl(["debug", "debugged", "--image=busybox", "--container=debugger"]);
    const { status } = await node.pods.until(
      "debugged",
      "with a status of its debugger",
      (pod) => pod.status?.ephemeralContainerStatuses !== undefined,
    );
    expect(status?.ephemeralContainerStatuses).toMatchObject([
      { name: "debugger", state: { waiting: { reason: "CreateContainerError" } } },
    ]);
    expect(status?.containerStatuses).toMatchObject([{ ready: true, restartCount: 0 }]);
  });
});

describe("the node's own port", () => {
  test("shows its configuration, its health and its pods to whoever may see them, and nothing to others", async () => {
    const admin = await certificateOf(node.cluster.adminKubeconfig);
    const configz = await answerOf("/configz", admin);
    expect(JSON.parse(configz.text)).toMatchObject({
      kubeletconfig: { kind: "KubeletConfiguration", maxPods: 110 },
    });
    expect(await answerOf("/healthz", admin)).toEqual({ status: 200, text: "ok" });
    expect((await answerOf("/pods", admin)).text).toContain('"kind":"PodList"');
    expect((await answerOf("/metrics", admin)).text).toContain("kubelet_running_pods");
    expect((await answerOf("/pods")).status).toBe(401);
    const nobody = await certificateOf(await node.cluster.kubeconfigFor("alice"));
    expect((await answerOf("/pods", nobody)).status).toBe(403);
  });

  test("knows a service account by its token, and lets it see what it may", async () => {
    const { namespace } = node;
    const role = `scrape-${node.name}`;
    for (const account of ["stranger", "scraper"]) await node.kubectl(["create", "serviceaccount", account]);
    await node.kubectl(["create", "clusterrole", role, "--verb=get", "--resource=nodes/metrics"]);
    const binding = [`--clusterrole=${role}`, `--serviceaccount=${namespace}:scraper`];
    await node.kubectl(["create", "clusterrolebinding", role, ...binding]);
    await expect(answerOf("/metrics/resource")).resolves.toStrictEqual({ status: 401, text: "Unauthorized" });
    await expect(answerOf("/metrics/resource", await tokenOf("stranger"))).resolves.toStrictEqual({
      status: 403,
      text: `Forbidden (user=system:serviceaccount:${namespace}:stranger, verb=get, resource=nodes, subresource(s)=[metrics])\n`,
    });
    const scraper = await tokenOf("scraper");
    await expect(answerOf("/metrics/resource", scraper)).resolves.toMatchObject({ status: 200 });
    await expect(answerOf("/configz", scraper)).resolves.toMatchObject({
      status: 403,
      text: `Forbidden (user=system:serviceaccount:${namespace}:scraper, verb=get, resource=nodes, subresource(s)=[configz proxy])\n`,
    });
    await node.kubectl(["delete", `clusterrolebinding/${role}`, `clusterrole/${role}`]);
  });
});
