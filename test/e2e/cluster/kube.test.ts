import { randomUUID } from "node:crypto";
import type { Cluster, ControlPlane, FaultProxy } from "@krustlet/control-plane";
import { startControlPlane, startFaultProxy } from "@krustlet/control-plane";
import type { Kube } from "@krustlet/kube";
import {
  createEventRecorder,
  createObjectCache,
  nodeClient,
  openKube,
  pathOf,
  podClient,
  requestToken,
  reviewAccess,
  reviewToken,
  watchNode,
  watchRuntimeClasses,
  watchServices,
} from "@krustlet/kube";
import { eventually } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FollowedPods, Told } from "./followed-pods.ts";
import { sharedCluster } from "./shared-cluster.ts";

function podOf(
  name: string,
  nodeName: string,
  spec: object = {},
): { metadata: { name: string; namespace: string } } {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      nodeName,
      tolerations: [{ operator: "Exists" }],
      containers: [{ name: "main", image: "example.com/never:1" }],
      ...spec,
    },
  };
  return pod;
}

function nodeOf(name: string): object {
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels: { "kubernetes.io/hostname": name } } };
}

const READY = { type: "Ready", status: "True", lastTransitionTime: new Date(), reason: undefined };
const RUNNING = {
  phase: "Running",
  hostIP: "127.0.0.1",
  hostIPs: [{ ip: "127.0.0.1" }],
  podIP: "10.1.2.3",
  podIPs: [{ ip: "10.1.2.3" }],
  startTime: new Date("2026-01-02T03:04:05.678Z"),
  conditions: [READY],
  containerStatuses: [
    {
      name: "main",
      image: "example.com/never:1",
      imageID: "",
      restartCount: 0,
      ready: true,
      started: true,
      state: { running: { startedAt: new Date("2026-01-02T03:04:06.789Z") } },
    },
  ],
};

let cluster: Cluster;
beforeAll(async () => {
  cluster = await sharedCluster();
});

/** A node, and its way to the API server through a proxy that injects faults; both go with it. */
async function nodeThroughProxy(): Promise<
  AsyncDisposable & { readonly node: string; readonly proxy: FaultProxy; readonly kube: Kube }
> {
  await using opened = new AsyncDisposableStack();
  const node = `kube-${randomUUID()}`;
  const proxy = opened.use(await startFaultProxy(cluster.address));
  const kubeconfig = await cluster.nodeKubeconfig(node, { server: proxy.server });
  const kube = opened.use(await openKube({ kubeconfig }));
  await nodeClient(kube).createNode(nodeOf(node));
  opened.defer(async () => void (await cluster.kubectl(["delete", "node", node])));
  const owned = opened.move();
  return { node, proxy, kube, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe("with no more than a node's rights", () => {
  const node = `kube-${randomUUID()}`;
  let kube: Kube;
  beforeAll(async () => {
    kube = await openKube({ kubeconfig: await cluster.nodeKubeconfig(node), userAgent: "krustlet/e2e" });
    await nodeClient(kube).createNode(nodeOf(node));
  });
  afterAll(async () => {
    await kube.close();
    await cluster.kubectl(["delete", "pods", "--all", "--force", "--grace-period=0"]);
    await cluster.kubectl(["delete", "node", node]);
  });

  test("a node reads itself, patches its status and renews its lease", async () => {
    const client = nodeClient(kube);
    const now = new Date();
    const condition = { type: "Ready", status: "True", reason: "KubeletReady", lastTransitionTime: now };
    const patched = await client.patchNodeStatus(node, { status: { conditions: [condition] } });
    expect(patched.metadata?.creationTimestamp).toBeInstanceOf(Date);
    const read = await client.getNode(node);
    expect(read.status?.conditions?.[0]?.lastTransitionTime?.getTime()).toBe(
      Math.floor(now.getTime() / 1000) * 1000,
    );
    await expect(client.getNode("another")).rejects.toMatchObject({ code: 403 });
    await expect(client.getLease(node)).rejects.toMatchObject({ code: 404 });
    const metadata = { name: node, namespace: "kube-node-lease" };
    class MicroTime extends Date {
      override toISOString(): string {
        return `${super.toISOString().slice(0, -1)}123Z`;
      }
    }
    const spec = { holderIdentity: node, leaseDurationSeconds: 40, renewTime: new MicroTime() };
    const lease = await client.createLease({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata,
      spec,
    });
    expect(lease.spec?.renewTime).toBeInstanceOf(Date);
    // What was read is taken again, microseconds included, once.
    const longer = Object.assign({}, lease.spec, { leaseDurationSeconds: 41 });
    await client.updateLease(Object.assign({}, lease, { spec: longer }));
    await expect(client.updateLease(lease)).rejects.toMatchObject({ code: 409 });
  });

  test("a pod's status is the kubelet's part of it, to the second, and nothing of others is lost", async () => {
    const name = `p-${randomUUID()}`;
    const gates = { readinessGates: [{ conditionType: "example.com/gate" }] };
    await cluster.apply(podOf(name, node, gates));
    const client = podClient(kube);
    const pod = await client.getPod("default", name);
    if (pod === undefined) throw new Error("there is no pod");
    const waiting = {
      ...RUNNING,
      phase: "Pending",
      reason: "Because",
      conditions: [{ ...READY, status: "False", reason: "ContainersNotReady", message: "not yet" }],
    };
    expect(await client.patchPodStatus(pod, waiting)).toMatchObject({ status: { reason: "Because" } });
    const gate = { status: { conditions: [{ type: "example.com/gate", status: "True" }] } };
    const patch = ["--subresource=status", "--type=strategic", `--patch=${JSON.stringify(gate)}`];
    await cluster.kubectlOutput(["patch", "pod", name, ...patch]);

    const conditions = [READY, { type: "example.com/gate", status: "False" }];
    await client.patchPodStatus(pod, { ...RUNNING, conditions });
    const { status } = JSON.parse(await cluster.kubectlOutput(["get", "pod", name, "--output=json"]));
    expect(status).toMatchObject({ phase: "Running", startTime: "2026-01-02T03:04:05Z", podIP: "10.1.2.3" });
    expect(status).not.toHaveProperty("reason");
    const byType = new Map<string, object>(
      status.conditions.map((condition: { type: string }) => [condition.type, condition]),
    );
    expect(byType.get("example.com/gate")).toMatchObject({ status: "True" });
    expect(byType.get("Ready")).toMatchObject({ status: "True" });
    expect(byType.get("Ready")).not.toHaveProperty("reason");
    expect(byType.get("Ready")).not.toHaveProperty("message");
    expect(status.containerStatuses[0].state.running.startedAt).toBe("2026-01-02T03:04:06Z");

    // The pod as it was known has no address yet: the one that is to go is found all the same.
    const moved = await client.patchPodStatus(pod, {
      ...RUNNING,
      podIP: "10.1.2.4",
      podIPs: [{ ip: "10.1.2.4" }],
    });
    expect(moved).toMatchObject({ status: { podIP: "10.1.2.4", podIPs: [{ ip: "10.1.2.4" }] } });
  });

  test("a pod that was deleted and made anew under its name is gone, and not touched", async () => {
    const name = `p-${randomUUID()}`;
    await cluster.apply(podOf(name, node));
    const client = podClient(kube);
    const old = await client.getPod("default", name);
    if (old === undefined) throw new Error("there is no pod");
    await client.deletePod(old, { gracePeriodSeconds: 0 });
    // To a node a pod that is gone is one that it has nothing to do with.
    await expect(client.getPod("default", name)).rejects.toMatchObject({ code: 403 });
    expect(await client.patchPodStatus(old, RUNNING)).toBe("gone");
    await client.deletePod(old, { gracePeriodSeconds: 0 });
    await cluster.apply(podOf(name, node));
    expect(await client.patchPodStatus(old, RUNNING)).toBe("gone");
    await client.deletePod(old, { gracePeriodSeconds: 0 });
    const now = await client.getPod("default", name);
    expect(now?.metadata?.uid).not.toBe(old.metadata?.uid);
    expect(now?.status?.phase).toBe("Pending");
    if (now === undefined) throw new Error("there is no pod");
    await client.deletePod(now, { gracePeriodSeconds: 0 });
    await cluster.apply(podOf(name, "another-node"));
    expect(await client.patchPodStatus(now, RUNNING)).toBe("gone");
    await client.deletePod(now, { gracePeriodSeconds: 0 });
    const phase = ["get", "pod", name, "--output=jsonpath={.status.phase} {.spec.nodeName}"];
    expect(await cluster.kubectlOutput(phase)).toBe("Pending another-node");
  });

  test("a mirror pod is created, once", async () => {
    const client = podClient(kube);
    const read = await nodeClient(kube).getNode(node);
    const name = `static-${randomUUID()}`;
    const owner = { apiVersion: "v1", kind: "Node", name: node, uid: read.metadata?.uid, controller: true };
    const mirror = {
      ...podOf(name, node),
      metadata: {
        name,
        namespace: "default",
        annotations: { "kubernetes.io/config.mirror": "abc", "kubernetes.io/config.source": "file" },
        ownerReferences: [owner],
      },
    };
    const created = await client.createPod(mirror as never);
    expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
    await expect(client.createPod(mirror as never)).rejects.toMatchObject({
      code: 409,
      reason: "AlreadyExists",
    });
    await client.deletePod(created, { gracePeriodSeconds: 0 });
  });

  test("a watch tells of the pods of this node as they come, change and go", async () => {
    using followed = new FollowedPods(kube, node);
    const { told, failures } = followed;
    await followed.synced();
    const name = `w-${randomUUID()}`;
    told.lines.length = 0;
    await cluster.apply(podOf(name, node), podOf(`elsewhere-${name}`, "no-such-node"));
    await followed.saw(`added ${name}`);
    const pod = told.objects.get(name);
    if (pod === undefined) throw new Error("there is no pod");
    await podClient(kube).patchPodStatus(pod, RUNNING);
    await followed.saw(`modified ${name}`);
    await podClient(kube).deletePod(pod, { gracePeriodSeconds: 0 });
    await followed.saw(`deleted ${name}`);
    expect(told.lines.filter((line) => line.includes("elsewhere"))).toEqual([]);
    expect(failures).toEqual([]);
  });

  test("a node watches itself, Services and RuntimeClasses", async () => {
    const nodes = new Told();
    const services = new Told();
    const classes = new Told();
    const failures: unknown[] = [];
    const onFailure = (error: unknown): void => void failures.push(error);
    const handler = `h-${randomUUID()}`;
    await cluster.apply({
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: handler },
      handler,
    });
    const watching = [
      watchNode(kube, node, { onFailure }).subscribe(nodes.next),
      watchServices(kube, { onFailure }).subscribe(services.next),
      watchRuntimeClasses(kube, { onFailure }).subscribe(classes.next),
    ];
    await eventually(
      () => nodes.synced && services.synced && classes.synced,
      () => "not all are synced",
    );
    expect([...nodes.objects.keys()]).toEqual([node]);
    expect([...services.objects.keys()]).toContain("kubernetes");
    expect([...classes.objects.keys()]).toContain(handler);
    expect(failures).toEqual([]);
    for (const one of watching) one.unsubscribe();
  });

  test("what a pod names is read and followed, and nothing else may be", async () => {
    const name = `o-${randomUUID()}`;
    const metadata = { name, namespace: "default" };
    await cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "1" } });
    const volumes = [
      { name: "c", configMap: { name } },
      { name: "s", secret: { secretName: name, optional: true } },
    ];
    await cluster.apply(podOf(name, node, { volumes }));
    const pod = await podClient(kube).getPod("default", name);
    if (pod === undefined) throw new Error("there is no pod");
    using cache = createObjectCache(kube);
    const changes: string[] = [];
    cache.changed$.subscribe(({ kind }) => changes.push(kind));
    cache.register(pod);
    expect(await cache.configMap("default", name)).toMatchObject({ data: { a: "1" } });
    expect(await cache.secret("default", name)).toBeUndefined();
    await cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "2" } });
    await cluster.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData: { b: "3" } });
    await eventually(
      () => changes.length >= 2,
      () => `only ${changes.join(", ")} changed`,
    );
    expect(await cache.configMap("default", name)).toMatchObject({ data: { a: "2" } });
    expect(await cache.secret("default", name)).toMatchObject({ data: { b: "Mw==" } });
    await cluster.apply({ apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name: "other" } });
    await expect(cache.secret("default", "other")).rejects.toMatchObject({ code: 403 });
    await expect(cache.secret("default", "none")).rejects.toMatchObject({ code: 403 });
  });

  test("a hundred and twenty Secrets are followed over a few connections", async () => {
    const name = `m-${randomUUID()}`;
    const names = Array.from({ length: 120 }, (_, i) => `${name}-${i}`);
    const secretOf = (each: string, b: string): object => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: each, namespace: "default", labels: { of: name } },
      stringData: { b },
    });
    // kubectl would make five calls a second.
    await using admin = await openKube({ kubeconfig: cluster.adminKubeconfig });
    const path = pathOf("api", "v1", "namespaces", "default", "secrets");
    await Promise.all(
      names.map((each) => admin.request({ method: "POST", path, body: secretOf(each, "1") })),
    );
    const envFrom = names.map((name) => ({ secretRef: { name } }));
    await cluster.apply(
      podOf(name, node, { containers: [{ name: "main", image: "example.com/never:1", envFrom }] }),
    );
    const pod = await podClient(kube).getPod("default", name);
    if (pod === undefined) throw new Error("there is no pod");
    const connections = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === "TCPSocketWrap").length;
    const before = connections();
    using cache = createObjectCache(kube);
    const changed = new Set<string>();
    cache.changed$.subscribe((key) => changed.add(key.name));
    cache.register(pod);
    const read = await Promise.all(names.map((name) => cache.secret("default", name)));
    expect(read).toEqual(names.map(() => expect.objectContaining({ data: { b: "MQ==" } }) as unknown));
    expect(connections() - before).toBeLessThanOrEqual(4);
    await Promise.all(
      names
        .slice(0, 30)
        .map((each) => admin.request({ method: "PUT", path: `${path}/${each}`, body: secretOf(each, "2") })),
    );
    await eventually(
      () => changed.size === 30,
      () => `${changed.size} of 30 changed`,
    );
    await admin.request({ method: "DELETE", path, query: { labelSelector: `of=${name}` } });
  });

  test("Events are told, counted and combined", async () => {
    const name = `e-${randomUUID()}`;
    const object = { apiVersion: "v1", kind: "Pod", namespace: "default", name, uid: randomUUID() };
    const dropped: unknown[] = [];
    const recorder = createEventRecorder(kube, {
      component: "kubelet",
      host: node,
      onDropped: (_, why) => dropped.push(why),
    });
    const fieldPath = "spec.containers{main}";
    recorder.record({ object, type: "Normal", reason: "Started", message: "Container started", fieldPath });
    recorder.record({ object, type: "Normal", reason: "Started", message: "Container started", fieldPath });
    for (let i = 1; i <= 11; i += 1) {
      recorder.record({ object, type: "Warning", reason: "Unhealthy", message: `probe ${i} failed` });
    }
    const nodeObject = { apiVersion: "v1", kind: "Node", name: node, uid: node };
    recorder.record({ object: nodeObject, type: "Normal", reason: "NodeReady", message: "ready" });
    await recorder.flush();
    expect(dropped).toEqual([]);
    const get = ["get", "events", `--field-selector=involvedObject.name=${name}`, "--output=json"];
    const { items } = JSON.parse(await cluster.kubectlOutput(get)) as {
      items: { reason: string; count: number; message: string; source: object; involvedObject: object }[];
    };
    expect(items.find(({ reason }) => reason === "Started")).toMatchObject({
      count: 2,
      source: { component: "kubelet", host: node },
      involvedObject: { fieldPath },
    });
    expect(items.filter(({ reason }) => reason === "Unhealthy")).toHaveLength(10);
    expect(items.find(({ message }) => message.startsWith("(combined"))).toMatchObject({
      count: 2,
      message: "(combined from similar events): probe 11 failed",
    });
  });

  test("tokens are had for the service accounts of this node's pods, and believed; access is reviewed", async () => {
    const name = `t-${randomUUID()}`;
    await cluster.apply(podOf(name, node));
    const pod = await podClient(kube).getPod("default", name);
    const init = {
      namespace: "default",
      serviceAccount: "default",
      audiences: [],
      expirationSeconds: 3600,
      pod: { name, uid: pod?.metadata?.uid ?? "" },
    };
    const { token, expiresAt } = await requestToken(kube, init);
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    const user = await reviewToken(kube, token);
    expect(user).toMatchObject({ username: "system:serviceaccount:default:default" });
    expect(await reviewToken(kube, `${token}x`)).toBeUndefined();
    await expect(requestToken(kube, { ...init, pod: { name, uid: randomUUID() } })).rejects.toMatchObject({
      name: "ApiError",
    });
    const access = { verb: "get", resource: "nodes", subresource: "proxy", name: node };
    if (user === undefined) throw new Error("the token is nobody's");
    expect(await reviewAccess(kube, { user, ...access })).toBe(false);
    const admin = { username: "admin", groups: ["system:masters"] };
    expect(await reviewAccess(kube, { user: admin, ...access })).toBe(true);
  });

  test("a claim and its volume are read; what is not there is undefined", async () => {
    const name = `v-${randomUUID()}`;
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace: "default" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "",
        volumeName: name,
        resources: { requests: { storage: "1Mi" } },
      },
    };
    const volume = {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Mi" },
        hostPath: { path: "/x" },
        claimRef: { namespace: "default", name },
      },
    };
    await cluster.apply(volume, claim);
    await cluster.kubectlOutput([
      "wait",
      `pvc/${name}`,
      "--for=jsonpath={.status.phase}=Bound",
      "--timeout=30s",
    ]);
    await cluster.apply(
      podOf(name, node, { volumes: [{ name: "v", persistentVolumeClaim: { claimName: name } }] }),
    );
    using cache = createObjectCache(kube);
    expect(await cache.persistentVolumeClaim("default", name)).toMatchObject({ spec: { volumeName: name } });
    expect(await cache.persistentVolume?.(name)).toMatchObject({ spec: { hostPath: { path: "/x" } } });
  });

  test("another client certificate is used from now on, and watches go on", async () => {
    using followed = new FollowedPods(kube, node);
    await followed.synced();
    const view = ["config", "view", "--raw", "--flatten", "--output=json"];
    const config = JSON.parse(
      await cluster.kubectlOutput(view, { kubeconfig: await cluster.nodeKubeconfig(node) }),
    ) as { users: { user: Record<string, string> }[] };
    const pem = (field: string): string =>
      Buffer.from(config.users[0]?.user[field] ?? "", "base64").toString("utf8");
    kube.replaceClientCertificate({
      certificate: pem("client-certificate-data"),
      key: pem("client-key-data"),
    });
    await eventually(
      () => followed.failures.length > 0,
      () => "the watch was not cut",
    );
    const name = `r-${randomUUID()}`;
    await cluster.apply(podOf(name, node));
    await followed.saw(`added ${name}`);
    expect(await nodeClient(kube).getNode(node)).toMatchObject({ metadata: { name: node } });
  });
});

describe("when the API server does not behave", () => {
  test("conflicts and throttling do not reach who writes a status", async () => {
    await using own = await nodeThroughProxy();
    const { node, proxy, kube } = own;
    const name = `p-${randomUUID()}`;
    await cluster.apply(podOf(name, node));
    const client = podClient(kube);
    const pod = await client.getPod("default", name);
    if (pod === undefined) throw new Error("there is no pod");
    const isPatch = ({ method, path }: { method: string; path: string }): boolean =>
      method === "PATCH" && path.endsWith("/status");
    const conflicts = proxy.rule({
      match: isPatch,
      nth: (count) => count % 2 === 1,
      fault: { kind: "answer", status: 409 },
    });
    expect(await client.patchPodStatus(pod, RUNNING)).toMatchObject({ status: { phase: "Running" } });
    expect(conflicts.hits).toBe(1);
    conflicts[Symbol.dispose]();
    using throttling = proxy.rule({
      match: isPatch,
      nth: (count) => count === 1,
      fault: { kind: "answer", status: 429, retryAfterSeconds: 1 },
    });
    const failed = { ...RUNNING, phase: "Failed" };
    expect(await client.patchPodStatus(pod, failed)).toMatchObject({ status: { phase: "Failed" } });
    expect(throttling.hits).toBe(1);
    await cluster.kubectl(["delete", "pod", name, "--force", "--grace-period=0"]);
  });

  test("watches that are cut, expired or dead tell everything, once", async () => {
    await using own = await nodeThroughProxy();
    const { node, proxy, kube } = own;
    using followed = new FollowedPods(kube, node);
    const { told } = followed;
    const names = Array.from({ length: 12 }, (_, i) => `w${i}-${randomUUID()}`);
    const expired = proxy.rule({
      match: ({ path, query }) => path === "/api/v1/pods" && query.get("resourceVersion") !== null,
      nth: (count) => count % 2 === 0,
      fault: { kind: "answer", status: 410 },
    });
    for (const name of names) {
      await cluster.apply(podOf(name, node));
      proxy.cutWatches();
    }
    for (const name of names.slice(0, 6)) {
      await cluster.kubectl(["delete", "pod", name, "--force", "--grace-period=0"]);
      proxy.cutWatches();
    }
    await eventually(
      () => told.objects.size === 6 && told.lines.filter((line) => line.startsWith("deleted")).length === 6,
      () => told.lines.join(", "),
    );
    expect(expired.hits).toBeGreaterThan(0);
    for (const name of names) expect(told.lines.filter((line) => line === `added ${name}`)).toHaveLength(1);
    await cluster.kubectl(["delete", "pods", ...names.slice(6), "--force", "--grace-period=0"]);
  });

  test("a watch on which nothing comes any more is noticed, and goes on", async () => {
    await using own = await nodeThroughProxy();
    const { node, proxy, kube } = own;
    using followed = new FollowedPods(kube, node, { silentAfterMs: 3000 });
    await followed.synced();
    expect(proxy.silenceWatches()).toBe(1);
    const name = `s-${randomUUID()}`;
    await cluster.apply(podOf(name, node));
    await followed.saw(`added ${name}`);
    expect(followed.silences).toBeGreaterThan(0);
    expect(followed.failures).toEqual([]);
    await cluster.kubectl(["delete", "pod", name, "--force", "--grace-period=0"]);
  });
});

describe("when the API server is not there", () => {
  let own: ControlPlane;
  beforeAll(async () => {
    own = await startControlPlane();
  });
  afterAll(() => own[Symbol.asyncDispose]());

  test("calls fail with a sentence, and watches go on where they were once it is back", async () => {
    await using kube = await openKube({ kubeconfig: await own.nodeKubeconfig("n1") });
    await nodeClient(kube).createNode(nodeOf("n1"));
    using followed = new FollowedPods(kube, "n1");
    await own.apply(podOf("before", "n1"));
    await followed.saw("added before");
    await own.apiServer.kill();
    await expect(nodeClient(kube).getNode("n1")).rejects.toMatchObject({
      code: "ApiServerUnavailable",
      message: `The API server ${own.server} cannot be reached for GET /api/v1/nodes/n1: nothing listens there.`,
    });
    await eventually(
      () => followed.failures.length > 1,
      () => "the watch did not notice",
    );
    await own.apiServer.start();
    await own.apply(podOf("after", "n1"));
    await followed.saw("added after");
    expect(followed.told.lines.filter((line) => line === "added before")).toHaveLength(1);
  });

  test("a call of an API server that hangs ends in time", async () => {
    await using kube = await openKube({ kubeconfig: await own.nodeKubeconfig("n1"), callTimeoutMs: 1000 });
    await nodeClient(kube).getNode("n1");
    await own.apiServer.pause();
    const began = performance.now();
    try {
      const asking = nodeClient(kube).getNode("n1");
      await expect(asking).rejects.toMatchObject({ code: "Timeout", retryable: true });
      expect(performance.now() - began).toBeLessThan(5000);
    } finally {
      own.apiServer.resume();
    }
    await nodeClient(kube).getNode("n1");
  });

  test("somebody whose certificate nobody signed, or that is over, is told so", async () => {
    await using stranger = await openKube({ kubeconfig: await sharedKubeconfigFor(own) });
    await expect(stranger.request({ path: "/api/v1/nodes" })).rejects.toMatchObject({
      code: "ApiServerUntrusted",
    });
    const notAfter = new Date(Date.now() - 1000);
    const late = await own.kubeconfigFor("late", "system:nodes", { notAfter });
    await expect(openKube({ kubeconfig: late })).rejects.toThrow(
      /client certificate of the kubeconfig .* expired at/,
    );
  });

  /** The other cluster's authority, this one's address. */
  async function sharedKubeconfigFor(other: ControlPlane): Promise<object> {
    const text = await cluster.kubectlOutput(["config", "view", "--raw", "--flatten", "--output=json"]);
    const config = JSON.parse(text) as { clusters: { cluster: { server: string } }[] };
    for (const { cluster } of config.clusters) cluster.server = other.server;
    return config;
  }
});
