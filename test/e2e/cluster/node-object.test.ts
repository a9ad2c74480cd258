import type { Cluster } from "@krustlet/control-plane";
import { keepLease, planNodeLabels, planNodeUpdate, registerNode, reportNodeStatus } from "@krustlet/node";
import type { NodeClient } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { NodeRights } from "./node-rights.ts";
import { openNodeRights } from "./node-rights.ts";
import { sharedCluster } from "./shared-cluster.ts";

let cluster: Cluster;
let node: NodeRights;
beforeAll(async () => {
  cluster = await sharedCluster();
});
beforeEach(async () => {
  node = await openNodeRights(cluster);
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
  await cluster.kubectl(["delete", "node", node.name, "--ignore-not-found", "--wait=false"]);
});

const look = async (...args: string[]): Promise<unknown> =>
  JSON.parse(await cluster.kubectlOutput(["get", ...args, "--output=json"]));
const nodeObject = async (): Promise<V1Node> => (await look("node", node.name)) as V1Node;

describe("a node's object, with a node's rights", () => {
  test("is created with its labels, taints and status; the API server writes it as the node does", async () => {
    const built = node.build();
    const { created } = await registerNode(node.client, built);
    expect(created).toBe(true);
    const { metadata, spec, status } = await nodeObject();
    expect(metadata?.labels).toMatchObject({
      "kubernetes.io/arch": "wasm32-wasi",
      "kubernetes.io/hostname": node.name,
      "kubernetes.io/os": "linux",
      type: "krustlet",
    });
    expect(metadata?.annotations ?? {}).not.toHaveProperty(
      "volumes.kubernetes.io/controller-managed-attach-detach",
    );
    expect(spec?.taints?.map(({ key, value, effect }) => `${key}=${value ?? ""}:${effect}`)).toEqual(
      expect.arrayContaining([
        "kubernetes.io/arch=wasm32-wasi:NoSchedule",
        "kubernetes.io/arch=wasm32-wasi:NoExecute",
      ]),
    );
    expect(status?.capacity).toEqual(built.status?.capacity);
    expect(status?.allocatable).toEqual(built.status?.allocatable);
    expect(status?.capacity?.["pods"]).toBe("1k");
    expect(planNodeUpdate(await node.client.getNode(node.name), built)).toBeUndefined();
  });

  test("that is there already is brought up to date in one patch; what others added stays", async () => {
    const condition = (type: string, status: string): object => ({
      type,
      status,
      reason: "Old",
      message: "",
      lastHeartbeatTime: "2026-01-01T00:00:00Z",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    });
    const stale = {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: node.name,
        labels: { "kubernetes.io/os": "plan9", theirs: "1", "node-role.kubernetes.io/edge": "" },
        annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true", theirs: "2" },
      },
      spec: { taints: [{ key: "theirs", effect: "NoSchedule" }] },
      status: {
        addresses: [
          { type: "InternalIP", address: "198.51.100.1" },
          { type: "ExternalIP", address: "198.51.100.2" },
        ],
        capacity: { cpu: "1", memory: "1Gi", pods: "5", "hugepages-2Mi": "0", "example.com/gpu": "2" },
        allocatable: { cpu: "1", memory: "1Gi", pods: "5", "hugepages-2Mi": "0", "example.com/gpu": "2" },
        conditions: [condition("NetworkUnavailable", "False"), condition("Ready", "True")],
        images: [{ names: ["old:1"], sizeBytes: 1 }],
        nodeInfo: {
          architecture: "amd64",
          operatingSystem: "plan9",
          bootID: "b0",
          machineID: "m",
          systemUUID: "s",
          kernelVersion: "1",
          osImage: "o",
          containerRuntimeVersion: "old://1",
          kubeletVersion: "v1.0.0",
          kubeProxyVersion: "v1.0.0",
          swap: { capacity: 4096 },
        },
      },
    };
    await cluster.kubectlOutput(["create", "-f", "-"], { stdin: JSON.stringify(stale) });
    const built = node.build([], { taints: [] });
    expect((await registerNode(node.client, built)).created).toBe(false);
    const { metadata, spec, status } = await nodeObject();
    expect(metadata?.labels).toMatchObject({ "kubernetes.io/os": "linux", theirs: "1", type: "krustlet" });
    expect(metadata?.annotations).toMatchObject({ theirs: "2" });
    expect(metadata?.annotations).not.toHaveProperty(
      "volumes.kubernetes.io/controller-managed-attach-detach",
    );
    expect(spec?.taints).toContainEqual({ key: "theirs", effect: "NoSchedule" });
    expect(status?.addresses).toEqual(built.status?.addresses);
    expect(status?.capacity).toEqual({ ...built.status?.capacity, "example.com/gpu": "2" });
    expect(status?.images).toBeUndefined();
    expect(status?.nodeInfo).toEqual(JSON.parse(JSON.stringify(built.status?.nodeInfo)));
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({ reason: "Old", lastTransitionTime: "2026-01-01T00:00:00Z" });
    const { conditions: _, ...rest } = built.status ?? {};
    const desired = Object.assign({}, built, { status: rest });
    expect(planNodeUpdate(await node.client.getNode(node.name), desired)).toBeUndefined();
  });

  test("has the labels that NodeRestriction lets it have, and is refused exactly the others", async () => {
    await registerNode(node.client, node.build());
    const keys = [
      "team",
      "example.com/rack",
      "topology.kubernetes.io/zone",
      "failure-domain.beta.kubernetes.io/region",
      "node.kubernetes.io/instance-type",
      "beta.kubernetes.io/instance-type",
      "node.kubernetes.io/pool",
      "x.node.kubernetes.io/pool",
      "kubelet.kubernetes.io/pool",
      "kubernetes.io/role",
      "node-role.kubernetes.io/worker",
      "a.k8s.io/b",
      "k8s.io/b",
      "node-restriction.kubernetes.io/x",
      "x.node-restriction.kubernetes.io/y",
      "evilkubernetes.io/x",
    ];
    const ours = keys.map((key) => [key, planNodeLabels({ [key]: "v" }).refused.length === 0]);
    const theirs = [];
    for (const key of keys) {
      const patch = { metadata: { labels: { [key]: "v" } } };
      const answer = node.client.patchNodeStatus(node.name, patch);
      const code = await answer.then(
        () => 200,
        (error: unknown) => (error as { code: number }).code,
      );
      expect([200, 403]).toContain(code);
      theirs.push([key, code === 200]);
    }
    expect(ours).toEqual(theirs);
  });
});

describe("a node's heartbeat", () => {
  /** The node's client, which counts. */
  const counting = (counts: Record<string, number>): NodeClient =>
    new Proxy(node.client, {
      get: (target, name: keyof NodeClient) => {
        const call = target[name] as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          counts[name] = (counts[name] ?? 0) + 1;
          return call.apply(target, args);
        };
      },
    });

  test("makes it ready with one patch, writes nothing while nothing changes, and tells the kubelet's Events", async () => {
    await registerNode(node.client, node.build([], { conditions: [] }));
    const counts: Record<string, number> = {};
    const events: string[] = [];
    const stop = new AbortController();
    const reporting = reportNodeStatus(counting(counts), {
      nodeName: node.name,
      compute: (existing) => node.build(existing.status?.conditions ?? []),
      updatePeriodMs: 1000,
      onEvent: ({ reason }) => events.push(reason),
      onFailure: (error) => events.push(String(error)),
      signal: stop.signal,
    });
    await cluster.kubectlOutput(["wait", "--for=condition=Ready", `node/${node.name}`, "--timeout=20s"]);
    // The controller manager takes the taint away that the API server gave the node.
    const taintKeys = async (): Promise<string[]> =>
      ((await nodeObject()).spec?.taints ?? []).map(({ key }) => key);
    await expect.poll(taintKeys, { timeout: 30_000 }).toEqual(["kubernetes.io/arch", "kubernetes.io/arch"]);
    await cluster.kubectlOutput(["cordon", node.name]);
    await expect.poll(() => events, { timeout: 30_000 }).toContain("NodeNotSchedulable");
    const looks = counts["getNode"] ?? 0;
    await expect.poll(() => counts["getNode"], { timeout: 30_000 }).toBeGreaterThan(looks + 3);
    stop.abort();
    await reporting;
    expect(counts["patchNodeStatus"]).toBe(1);
    expect(events.filter((reason) => reason !== "NodeReady")).toEqual([
      "Starting",
      "NodeHasSufficientMemory",
      "NodeHasNoDiskPressure",
      "NodeHasSufficientPID",
      "NodeNotSchedulable",
    ]);
  });

  test("holds a Lease of 40 s that the Node alone owns, and goes on when somebody else writes it", async () => {
    const { node: registered } = await registerNode(node.client, node.build());
    const uid = registered.metadata!.uid!;
    const stop = new AbortController();
    let renewals = 0;
    const failures: string[] = [];
    const keeping = keepLease(node.client, {
      nodeName: node.name,
      nodeUid: () => uid,
      onRenewed: () => (renewals += 1),
      onFailure: (error) => failures.push(String(error)),
      signal: stop.signal,
    });
    const renewed = (times: number): Promise<void> =>
      expect
        .poll(() => ({ renewals, failures }), { timeout: 30_000 })
        .toEqual({ renewals: times, failures: expect.any(Array) });
    await renewed(1);
    const lease = (): Promise<unknown> => look("lease", node.name, "--namespace=kube-node-lease");
    expect(await lease()).toMatchObject({
      metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node.name, uid }] },
      spec: { holderIdentity: node.name, leaseDurationSeconds: 40 },
    });
    const patch = {
      metadata: { labels: { theirs: "1" } },
      spec: { acquireTime: "2026-01-01T00:00:00.123456Z" },
    };
    const args = ["patch", "lease", node.name, "--namespace=kube-node-lease", "--type=merge", "--patch"];
    await cluster.kubectlOutput([...args, JSON.stringify(patch)]);
    await renewed(2);
    expect(await lease()).toMatchObject({
      metadata: { labels: { theirs: "1" }, ownerReferences: [{ uid }] },
      spec: { acquireTime: expect.stringContaining("2026-01-01T00:00:00.123"), holderIdentity: node.name },
    });
    await cluster.kubectlOutput(["delete", "lease", node.name, "--namespace=kube-node-lease"]);
    await renewed(3);
    expect(await lease()).toMatchObject({ metadata: { ownerReferences: [{ uid }] } });
    stop.abort();
    await keeping;
  });
});
