import type { V1Node, V1NodeSystemInfo } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import {
  allocatableOf,
  buildNode,
  cordonEventOf,
  DEFAULT_TAINTS,
  measureMachine,
  nodeConditionsOf,
  nodeEventsOf,
  parseTaints,
  planCertificateRotation,
  planLease,
  planNodeLabels,
  planNodeUpdate,
} from "../src/index.ts";
import type { MachineReader, ResourceAmounts } from "../src/index.ts";
import { MACHINE } from "@krustlet/testkit";
import { INIT } from "./api-server.ts";

const now = new Date("2026-01-01T00:00:00.500Z");
const healthy = { memoryPressure: false, diskPressure: false, pidPressure: false, errors: [] };
const capacity = { cpu: "1", memory: "1Gi", pods: "110", "ephemeral-storage": "1Gi" };

describe("the Node object", () => {
  it("says what the machine is and has", () => {
    const node = buildNode({ ...INIT, labels: { team: "a", "kubernetes.io/arch": "amd64" }, maxPods: 1000 });
    expect(node.metadata?.labels).toEqual({
      type: "krustlet",
      team: "a",
      "kubernetes.io/hostname": "edge-1",
      "kubernetes.io/os": "linux",
      "kubernetes.io/arch": "wasm32-wasi",
      "beta.kubernetes.io/os": "linux",
      "beta.kubernetes.io/arch": "wasm32-wasi",
    });
    expect(node.spec).toEqual({ taints: DEFAULT_TAINTS });
    expect(node.status).toMatchObject({
      capacity: { cpu: "4", memory: "8Gi", "ephemeral-storage": "100Gi", pods: "1k" },
      addresses: [
        { type: "InternalIP", address: "192.0.2.10" },
        { type: "Hostname", address: "edge-1" },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: { architecture: "wasm-wasi", operatingSystem: "linux", kubeProxyVersion: "", bootID: "b1" },
    });
  });

  it.each([
    [{ name: "Edge_1" }, "DNS subdomain"],
    [{ addresses: ["localhost"] }, "no IP address"],
    [{ addresses: ["192.0.2.1", "192.0.2.2"] }, "second IPv4"],
    [{ machine: { ...MACHINE, hostname: "a b" } }, "cannot be a label"],
  ])("is refused where the API server would: %j", (part, sentence) => {
    expect(() => buildNode({ ...INIT, ...part })).toThrow(sentence);
  });

  it("never offers less than nothing", () => {
    const reserved: ResourceAmounts[] = [
      { cpu: "3500m", memory: "1Gi" },
      { cpu: "1", "example.com/x": "1" },
    ];
    expect(allocatableOf({ cpu: "4", memory: "8388608Ki", pods: "110" }, reserved)).toEqual({
      cpu: "0",
      memory: "7Gi",
      pods: "110",
    });
  });

  it("does not offer huge pages as ordinary memory", () => {
    expect(
      allocatableOf({ memory: "8Gi", "hugepages-2Mi": "1Gi", "hugepages-1Gi": "2Gi" }, [{ memory: "1Gi" }]),
    ).toEqual({ memory: "4Gi", "hugepages-2Mi": "1Gi", "hugepages-1Gi": "2Gi" });
  });

  it("lists the fifty largest images with five names each, digests first", () => {
    const images = Array.from({ length: 60 }, (_, index) => ({
      digests: [`r/i@sha256:${index}`],
      tags: ["a", "b", "c", "d", "e"],
      sizeBytes: index,
    }));
    const listed =
      buildNode({ ...INIT, images: [{ digests: [], tags: [], sizeBytes: 99 }, ...images] }).status?.images ??
      [];
    expect(listed).toHaveLength(50);
    expect(listed[0]).toEqual({ names: ["r/i@sha256:59", "a", "b", "c", "d"], sizeBytes: 59 });
  });

  it("declares its features sorted, each once", () => {
    const { status } = buildNode({ ...INIT, declaredFeatures: ["B", "A", "B"] });
    expect(status?.declaredFeatures).toEqual(["A", "B"]);
  });
});

describe("labels of the user's", () => {
  it.each([
    ["team", undefined],
    ["example.com/rack", undefined],
    ["topology.kubernetes.io/zone", undefined],
    ["node.kubernetes.io/pool", undefined],
    ["x.kubelet.kubernetes.io/pool", undefined],
    ["kubernetes.io/os", "is set by the node itself"],
    ["kubernetes.io/role", "NodeRestriction"],
    ["node-role.kubernetes.io/worker", "NodeRestriction"],
    ["a.k8s.io/b", "NodeRestriction"],
    ["node-restriction.kubernetes.io/x", "reserved for administrators"],
    ["x.node-restriction.kubernetes.io/y", "reserved for administrators"],
    ["evilkubernetes.io/x", undefined],
    ["a/b/c", "no valid key"],
    ["", "no valid key"],
  ])("%s", (key, reason) => {
    const { labels, refused } = planNodeLabels({ [key]: "v" });
    expect(Object.keys(labels)).toEqual(reason === undefined ? [key] : []);
    expect(refused[0]?.reason ?? "").toContain(reason ?? "");
    expect(refused).toHaveLength(reason === undefined ? 0 : 1);
  });
});

describe("--register-with-taints", () => {
  it("is read as the kubelet reads it; empty is none", () => {
    expect(parseTaints("")).toEqual([]);
    expect(parseTaints("a=b:NoSchedule, example.com/c:NoExecute,d=:PreferNoSchedule")).toEqual([
      { key: "a", value: "b", effect: "NoSchedule" },
      { key: "example.com/c", effect: "NoExecute" },
      { key: "d", effect: "PreferNoSchedule" },
    ]);
  });

  it.each(["a", "a=b", "a=b:Never", "=b:NoSchedule", "a=b=c:NoSchedule", "a:NoSchedule,a=b:NoSchedule", ","])(
    "refuses %s",
    (text) => {
      expect(() => parseTaints(text)).toThrow(expect.objectContaining({ code: "InvalidField" }));
    },
  );
});

describe("conditions", () => {
  const wordsOf = (facts: Partial<Parameters<typeof nodeConditionsOf>[0]>): string[] =>
    nodeConditionsOf({ ...healthy, capacity, ...facts }, [], now).map(
      ({ type, status, reason, message }) => `${type} ${status} ${reason} / ${message}`,
    );

  it("are the kubelet's own when all is well", () => {
    expect(wordsOf({})).toEqual([
      "MemoryPressure False KubeletHasSufficientMemory / kubelet has sufficient memory available",
      "DiskPressure False KubeletHasNoDiskPressure / kubelet has no disk pressure",
      "PIDPressure False KubeletHasSufficientPID / kubelet has sufficient PID available",
      "Ready True KubeletReady / kubelet is posting ready status",
    ]);
  });

  it("are the kubelet's own when nothing is", () => {
    const errors = ["runtime is down", "no address", "runtime is down"];
    expect(wordsOf({ memoryPressure: true, diskPressure: true, pidPressure: true, errors })).toEqual([
      "MemoryPressure True KubeletHasInsufficientMemory / kubelet has insufficient memory available",
      "DiskPressure True KubeletHasDiskPressure / kubelet has disk pressure",
      "PIDPressure True KubeletHasInsufficientPID / kubelet has insufficient PID available",
      "Ready False KubeletNotReady / [runtime is down, no address]",
    ]);
    expect(wordsOf({ capacity: { cpu: "1", pods: "1" } })[3]).toBe(
      "Ready False KubeletNotReady / missing node capacity for resources: memory, ephemeral-storage",
    );
  });

  it("move their transition time only when the status flips", () => {
    const first = nodeConditionsOf({ ...healthy, capacity }, [], now);
    const later = new Date("2026-01-01T01:00:00Z");
    const facts = { ...healthy, capacity, errors: ["x"] };
    const second = nodeConditionsOf(facts, first, later);
    expect(second.map(({ lastTransitionTime }) => lastTransitionTime?.toISOString())).toEqual([
      "2026-01-01T00:00:00.000Z",
      "2026-01-01T00:00:00.000Z",
      "2026-01-01T00:00:00.000Z",
      "2026-01-01T01:00:00.000Z",
    ]);
    expect(second.every(({ lastHeartbeatTime }) => lastHeartbeatTime?.getTime() === later.getTime())).toBe(
      true,
    );
  });

  it("become Events when they flip, as do boots and cordons", () => {
    const of = (errors: string[], bootID: string, unschedulable: boolean): V1Node => ({
      metadata: { name: "n" },
      spec: { unschedulable },
      status: {
        conditions: nodeConditionsOf({ ...healthy, capacity, errors }, [], now),
        nodeInfo: { bootID } as never,
      },
    });
    expect(nodeEventsOf(of([], "b1", false), of([], "b1", false))).toEqual([]);
    expect(nodeEventsOf(of([], "b1", false), of(["x"], "b2", true))).toEqual([
      { type: "Warning", reason: "Rebooted", message: "Node n has been rebooted, boot id: b2" },
      { type: "Normal", reason: "NodeNotReady", message: "Node n status is now: NodeNotReady" },
    ]);
    const cordoned = of([], "b1", true);
    const message = "Node n status is now: NodeNotSchedulable";
    expect(cordonEventOf(false, cordoned)).toEqual({ type: "Normal", reason: "NodeNotSchedulable", message });
    expect(cordonEventOf(true, cordoned)).toBeUndefined();
    expect(cordonEventOf(true, of([], "b1", false))?.reason).toBe("NodeSchedulable");
    const pressures = [
      "Node n status is now: NodeHasSufficientMemory",
      "Node n status is now: NodeHasNoDiskPressure",
      "Node n status is now: NodeHasSufficientPID",
    ];
    const messagesOf = (...args: Parameters<typeof nodeEventsOf>): string[] =>
      nodeEventsOf(...args).map(({ message }) => message);
    expect(messagesOf({}, of([], "b1", false))).toEqual(pressures);
    expect(messagesOf(of([], "b1", false), of(["x"], "b1", false), { started: true })).toEqual([
      "Starting kubelet.",
      ...pressures,
      "Node n status is now: NodeNotReady",
    ]);
  });
});

describe("the update of a Node that is there", () => {
  it("is nothing where nothing differs", () => {
    const conditions = nodeConditionsOf({ ...healthy, capacity }, [], now);
    const node = buildNode({ ...INIT, conditions });
    expect(planNodeUpdate(JSON.parse(JSON.stringify(node), dated) as V1Node, node)).toBeUndefined();
    expect(Object.keys(planNodeUpdate(node, node, { heartbeat: true })?.status ?? {})).toEqual([
      "$setElementOrder/conditions",
      "conditions",
    ]);
  });

  it("is what differs only, and leaves alone what others added", () => {
    const old = buildNode(INIT);
    old.metadata!.labels = { ...old.metadata!.labels, theirs: "1", "kubernetes.io/os": "plan9" };
    old.status!.capacity = {
      ...old.status!.capacity,
      "example.com/gpu": "2",
      "hugepages-2Mi": "0",
      cpu: "2",
    };
    const next = buildNode({ ...INIT, addresses: ["192.0.2.99"], taints: [] });
    expect(planNodeUpdate(old, next)).toEqual({
      metadata: { labels: { "kubernetes.io/os": "linux" } },
      status: {
        capacity: { cpu: "4", "hugepages-2Mi": null },
        addresses: [
          { type: "InternalIP", address: "192.0.2.99" },
          { type: "Hostname", address: "edge-1" },
          { $patch: "replace" },
        ],
      },
    });
  });
});

describe("what the API server writes in its own way", () => {
  it("is no difference: amounts, empty fields, empty lists", () => {
    const desired = buildNode({ ...INIT, maxPods: 1000 });
    const existing = JSON.parse(JSON.stringify(desired)) as V1Node;
    Object.assign(existing.status!.capacity!, { pods: "1000", memory: "8388608Ki", cpu: "4000m" });
    delete existing.status!.images;
    delete existing.status!.declaredFeatures;
    delete (existing.status!.nodeInfo as Partial<V1NodeSystemInfo>).kubeProxyVersion;
    expect(planNodeUpdate(existing, desired)).toBeUndefined();
  });

  it("is removed where it is no more: swap, what Kubernetes' controller should attach", () => {
    const desired = buildNode(INIT);
    const existing = buildNode({ ...INIT, machine: { ...MACHINE, swapBytes: 4096, bootID: "b0" } });
    const attach = "volumes.kubernetes.io/controller-managed-attach-detach";
    existing.metadata!.annotations = { [attach]: "true", theirs: "1" };
    expect(planNodeUpdate(existing, desired)).toEqual({
      metadata: { annotations: { [attach]: null } },
      status: { nodeInfo: { bootID: "b1", swap: null } },
    });
    const attached = buildNode({ ...INIT, annotations: { [attach]: "true" } });
    expect(planNodeUpdate(existing, attached)?.metadata).toBeUndefined();
  });
});

describe("the Lease", () => {
  it("is held by the node, owned by its Node alone, for 40 s, with microseconds", () => {
    const lease = planLease(undefined, { name: "n", uid: "u" }, now);
    expect(JSON.parse(JSON.stringify(lease))).toEqual({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        name: "n",
        namespace: "kube-node-lease",
        ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "n", uid: "u" }],
      },
      spec: { holderIdentity: "n", leaseDurationSeconds: 40, renewTime: "2026-01-01T00:00:00.500000Z" },
    });
    const again = planLease(
      { metadata: { name: "n", resourceVersion: "7" }, spec: lease.spec! },
      { name: "n", uid: "v" },
      now,
    );
    expect(again.metadata?.resourceVersion).toBe("7");
    expect(again.metadata?.ownerReferences).toEqual([
      { apiVersion: "v1", kind: "Node", name: "n", uid: "v" },
    ]);
    expect(again.spec?.renewTime?.getTime()).toBe(now.getTime() + 1);
    const unowned = planLease(again, { name: "n", uid: undefined }, now);
    expect(unowned.metadata?.ownerReferences).toHaveLength(1);
  });

  it("is renewed later each time, though the clock is set back by hours", () => {
    const renewed = (at: Date, spec?: object) =>
      planLease({ spec: spec ?? {} }, { name: "n", uid: "u" }, at).spec;
    const ahead = renewed(new Date(now.getTime() + 7_200_000));
    const back = renewed(now, ahead);
    expect(back?.renewTime?.getTime()).toBe(now.getTime() + 7_200_001);
    expect(renewed(now, back)?.renewTime?.getTime()).toBe(now.getTime() + 7_200_002);
    // What nobody can be later than is no time.
    expect(renewed(now, { renewTime: new Date("9999-12-31T23:59:59.999Z") })?.renewTime).toEqual(now);
  });
});

describe("the measurement", () => {
  it("reads this machine", async () => {
    const machine = await measureMachine({ rootDirectory: "/" });
    expect(machine.memoryBytes).toBeGreaterThan(0);
    expect(machine.diskBytes).toBeGreaterThan(machine.availableDiskBytes);
    expect(machine.pids).toBeGreaterThan(0);
    expect(machine.bootID).toMatch(/^[0-9a-f-]{36}$/);
  });

  const files: Record<string, string> = {
    "/proc/meminfo": "MemTotal:  2048 kB\nMemFree: 10 kB\nMemAvailable: 1024 kB\nSwapTotal: 4 kB\n",
    "/proc/loadavg": "0.1 0.2 0.3 2/321 999\n",
    "/proc/sys/kernel/pid_max": "4194304\n",
    "/proc/sys/kernel/threads-max": "1000\n",
    "/usr/lib/os-release": 'NAME=x\nPRETTY_NAME="An OS 1"\n',
    "/var/lib/dbus/machine-id": "id\n",
  };
  const readerOf = (more: Record<string, string>): MachineReader => ({
    text: async (path: string) => ({ ...files, ...more })[path],
    fileSystem: async () => ({ bytes: 9, availableBytes: 8, inodes: 0, freeInodes: 0 }),
    cpus: () => 2,
    hostname: () => "Edge-1",
    kernelVersion: () => "6",
  });
  const memoryOf = async (more: Record<string, string>): Promise<number[]> => {
    const machine = await measureMachine({ rootDirectory: "/x", reader: readerOf(more) });
    return [machine.memoryBytes, machine.availableMemoryBytes];
  };

  it("is put together from the kernel's files", async () => {
    expect(await measureMachine({ rootDirectory: "/x", reader: readerOf({}) })).toEqual({
      hostname: "edge-1",
      cpus: 2,
      memoryBytes: 2_097_152,
      availableMemoryBytes: 1_048_576,
      swapBytes: 4096,
      diskBytes: 9,
      availableDiskBytes: 8,
      inodes: 0,
      freeInodes: 0,
      maxPids: 1000,
      pids: 321,
      machineID: "id",
      systemUUID: "",
      bootID: "",
      kernelVersion: "6",
      osImage: "An OS 1",
    });
  });

  it("counts no more memory than a control group of version 2 allows, its own or one above", async () => {
    const unit = "/sys/fs/cgroup/system.slice/krustlet.service";
    expect(
      await memoryOf({
        "/proc/self/cgroup": "0::/system.slice/krustlet.service\n",
        "/sys/fs/cgroup/system.slice/memory.max": "1048576\n",
        "/sys/fs/cgroup/system.slice/memory.current": "1000000\n",
        "/sys/fs/cgroup/system.slice/memory.stat": "anon 1\ninactive_file 500000\n",
        [`${unit}/memory.max`]: "max\n",
        [`${unit}/memory.current`]: "900000\n",
      }),
    ).toEqual([1_048_576, 548_576]);
    expect(
      await memoryOf({ "/proc/self/cgroup": "0::/../../x\n", "/sys/fs/cgroup/memory.max": "1000000\n" }),
    ).toEqual([1_000_000, 1_000_000]);
  });

  it("counts no more CPU than a control group allows, its own or one above", async () => {
    const cpusOf = async (more: Record<string, string>): Promise<number> =>
      (await measureMachine({ rootDirectory: "/x", reader: readerOf(more) })).cpus;
    const unit = "/sys/fs/cgroup/system.slice/krustlet.service";
    const own = { "/proc/self/cgroup": "0::/system.slice/krustlet.service\n" };
    expect(await cpusOf({ ...own, [`${unit}/cpu.max`]: "150000 100000\n" })).toBe(1.5);
    expect(await cpusOf({ ...own, [`${unit}/cpu.max`]: "max 100000\n" })).toBe(2);
    expect(await cpusOf({ ...own, "/sys/fs/cgroup/system.slice/cpu.max": "1000 30000\n" })).toBe(0.033);
    const group = "/sys/fs/cgroup/cpu/docker/abc";
    const v1 = {
      "/proc/self/cgroup": "3:cpu,cpuacct:/docker/abc\n0::/\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      [`${group}/cpu.cfs_period_us`]: "100000\n",
    };
    expect(await cpusOf({ ...v1, [`${group}/cpu.cfs_quota_us`]: "50000\n" })).toBe(0.5);
    expect(await cpusOf({ ...v1, [`${group}/cpu.cfs_quota_us`]: "-1\n" })).toBe(2);
    const machine = { ...MACHINE, cpus: 1.5 };
    expect(buildNode({ ...INIT, machine }).status?.capacity?.["cpu"]).toBe("1500m");
  });

  it("counts no more memory than a control group of version 1 allows", async () => {
    const group = "/sys/fs/cgroup/memory/docker/abc";
    expect(
      await memoryOf({
        "/proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        [`${group}/memory.limit_in_bytes`]: "1048576\n",
        [`${group}/memory.usage_in_bytes`]: "2000000\n",
        [`${group}/memory.stat`]: "inactive_file 1\ntotal_inactive_file 1500000\n",
      }),
    ).toEqual([1_048_576, 548_576]);
  });
});

it("a certificate is replaced after 70 to 90 % of its life", () => {
  const from = new Date(0);
  const to = new Date(10_000);
  expect(
    [0, 0.5, 1].map((random) => Math.round(planCertificateRotation(from, to, random).getTime() / 10)),
  ).toEqual([700, 800, 900]);
});

function dated(key: string, value: unknown): unknown {
  return key.endsWith("Time") ? new Date(value as string) : value;
}
