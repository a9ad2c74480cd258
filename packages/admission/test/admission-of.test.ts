import { describe, expect, it } from "vitest";

import { admissionOf } from "../src/index.ts";
import type { AdmissionInit, AdmissionPod } from "../src/index.ts";
import { containerOf, nodeOf, otherPod, podOf } from "./pods.ts";

const admit = (pod: AdmissionPod, more: Partial<AdmissionInit> = {}): ReturnType<typeof admissionOf> =>
  admissionOf({ pod, node: nodeOf(), activePods: [], ...more });
const ports = (hostPort: number, hostIP?: string, protocol?: string) => [{ hostPort, hostIP, protocol }];

describe("admissionOf", () => {
  it("takes a Pod that asks for nothing special", () => {
    expect(admit(podOf())).toBeUndefined();
  });

  it("takes what the API server and PodSecurity restricted make of a Pod", () => {
    const pod = podOf({
      nodeName: "n1",
      priority: 0,
      tolerations: ["not-ready", "unreachable"].map((name) => ({
        key: `node.kubernetes.io/${name}`,
        operator: "Exists",
        effect: "NoExecute",
      })),
      securityContext: { appArmorProfile: { type: "RuntimeDefault" }, supplementalGroupsPolicy: "Merge" },
    });
    expect(admit(pod)).toBeUndefined();
  });

  it.each([
    ["cpu", { cpu: "3500m" }, 3500, 1000, 4000],
    ["memory", { memory: "600Mi" }, 629145600, 536870912, 1073741824],
    ["ephemeral-storage", { "ephemeral-storage": "2k" }, 2000, 0, 1000],
    ["example.com/gpu", { "example.com/gpu": "2" }, 2, 1, 2],
    ["hugepages-2Mi", { "hugepages-2Mi": "2Mi" }, 2097152, 0, 0],
  ])("refuses a Pod for whose %s there is no room", (resource, requests, requested, used, capacity) => {
    const node = nodeOf({ status: { allocatable: { "ephemeral-storage": "1k", "example.com/gpu": "2" } } });
    const activePods = [otherPod("a", { cpu: "1", memory: "512Mi", "example.com/gpu": "1" })];
    expect(admit(podOf({ containers: [containerOf(requests)] }), { node, activePods })).toEqual({
      reason: `OutOf${resource}`,
      message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
    });
  });

  it("counts pods, and not the Pod itself", () => {
    const node = nodeOf({ status: { allocatable: { pods: "2" } } });
    const twice = { node, activePods: [otherPod("a"), podOf()] };
    expect(admit(podOf(), twice)).toBeUndefined();
    expect(admit(podOf(), { node, activePods: [otherPod("a"), otherPod("b")] })).toEqual({
      reason: "OutOfpods",
      message: "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2",
    });
  });

  it("reads once what the others request, however many come", () => {
    let read = 0;
    const spec = {
      get containers() {
        read += 1;
        return [containerOf({ cpu: "1" })];
      },
    };
    const activePods = [{ metadata: { uid: "a" }, spec }];
    const coming = podOf({ containers: [containerOf({ cpu: "3500m" })] });
    for (let count = 0; count < 3; count += 1) expect(admit(coming, { activePods })?.reason).toBe("OutOfcpu");
    expect(read).toBe(1);
  });

  it("leaves extended resources alone that the node does not know", () => {
    expect(admit(podOf({ containers: [containerOf({ "example.com/fpga": "1" })] }))).toBeUndefined();
  });

  it("a Pod whose quantity is none is a reason, and one that runs already is no obstacle to others", () => {
    const broken = { cpu: "many" };
    expect(admit(podOf({ containers: [containerOf(broken)] }))?.reason).toBe("UnexpectedAdmissionError");
    expect(admit(podOf(), { activePods: [otherPod("a", broken)] })).toBeUndefined();
  });

  it.each([
    ["NodeName", podOf({ nodeName: "n2" }), "node(s) didn't match the requested node name"],
    [
      "NodeAffinity",
      podOf({ nodeSelector: { "kubernetes.io/arch": "amd64" } }),
      "node(s) didn't match Pod's node affinity/selector",
    ],
    [
      "NodePorts",
      podOf({ containers: [containerOf({}, { ports: ports(80, "10.0.0.1") })] }),
      "node(s) didn't have free ports for the requested pod ports",
    ],
    ["TaintToleration", podOf(), "node(s) had taints that the pod didn't tolerate"],
  ])("tells %s in the scheduler's words", (reason, pod, why) => {
    const taints = [{ key: "out", effect: "NoExecute" }];
    const node = nodeOf({ spec: { taints: reason === "TaintToleration" ? taints : [] } });
    const activePods = [podOf({ containers: [containerOf({}, { ports: ports(80) })] }, { uid: "a" })];
    expect(admit(pod, { node, activePods })).toEqual({
      reason,
      message: `Predicate ${reason} failed: ${why}`,
    });
  });

  it.each([
    ["another protocol", ports(80, undefined, "UDP"), ports(80), true],
    ["another port", ports(81), ports(80), true],
    ["another address", ports(80, "10.0.0.1"), ports(80, "10.0.0.2"), true],
    ["the same address", ports(80, "10.0.0.1"), ports(80, "10.0.0.1"), false],
    ["every address", ports(80, "0.0.0.0"), ports(80, "10.0.0.2"), false],
  ])("a port of the node, taken on %s", (_what, wanted, taken, free) => {
    const [pod, other] = [wanted, taken].map((each) => ({
      spec: { containers: [containerOf({}, { ports: each })] },
    }));
    expect(admit(pod ?? {}, { activePods: [other ?? {}] }) === undefined).toBe(free);
  });

  it("counts the ports of sidecars, and not those of init containers that end", () => {
    const container = { name: "init", ports: ports(80) };
    const init = podOf({ initContainers: [container] }, { uid: "a" });
    const sidecar = podOf({ initContainers: [{ ...container, restartPolicy: "Always" }] }, { uid: "b" });
    const pod = podOf({ containers: [containerOf({}, { ports: ports(80) })] });
    expect(admit(pod, { activePods: [init] })).toBeUndefined();
    expect(admit(pod, { activePods: [sidecar] })?.reason).toBe("NodePorts");
  });

  it("reads only the taints that put pods out, and not for static pods", () => {
    const tainted = (effect: string) => ({
      node: nodeOf({ spec: { taints: [{ key: "k", value: "v", effect }] } }),
    });
    const toleration = { key: "k", operator: "Equal", value: "v", effect: "NoExecute" };
    const fromFile = { annotations: { "kubernetes.io/config.source": "file" } };
    expect(admit(podOf(), tainted("NoSchedule"))).toBeUndefined();
    expect(admit(podOf(), tainted("NoExecute"))?.reason).toBe("TaintToleration");
    expect(admit(podOf({}, fromFile), tainted("NoExecute"))).toBeUndefined();
    expect(admit(podOf({ tolerations: [toleration] }), tainted("NoExecute"))).toBeUndefined();
    expect(admit(podOf({ tolerations: [{ operator: "Exists" }] }), tainted("NoExecute"))).toBeUndefined();
    const other = { ...toleration, value: "w" };
    expect(admit(podOf({ tolerations: [other] }), tainted("NoExecute"))?.reason).toBe("TaintToleration");
  });

  it.each([
    ["kernel.shm_rmid_forced", {}, undefined],
    ["net/ipv4/tcp_rmem", {}, undefined],
    ["kernel.msgmax", {}, 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
    ["net.core.somaxconn", {}, undefined],
    [
      "net.ipv4.tcp_rmem",
      { hostNetwork: true },
      'forbidden sysctl: "net.ipv4.tcp_rmem" not allowed with host Net enabled',
    ],
    [
      "kernel.shm_rmid_forced",
      { hostIPC: true },
      'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host IPC enabled',
    ],
  ])("sysctl %s with %j", (name, spec, message) => {
    const pod = podOf({ ...spec, securityContext: { sysctls: [{ name }] } });
    const rejection = message === undefined ? undefined : { reason: "SysctlForbidden", message };
    expect(admit(pod, { allowedUnsafeSysctls: ["net.core.*"] })).toEqual(rejection);
  });

  it.each([
    [
      "PodOSSelectorNodeLabelDoesNotMatch",
      podOf({}, { labels: { "kubernetes.io/os": "windows" } }),
      "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    ],
    [
      "PodOSNotSupported",
      podOf({ os: { name: "windows" } }),
      "Failed to admit pod as the OS field doesn't match node OS",
    ],
    [
      "SupplementalGroupsPolicyNotSupported",
      podOf({ securityContext: { supplementalGroupsPolicy: "Strict" } }),
      "SupplementalGroupsPolicy=Strict is not supported in this node",
    ],
    [
      "AppArmor",
      podOf({ securityContext: { appArmorProfile: { type: "Localhost", localhostProfile: "mine" } } }),
      "Cannot enforce AppArmor: AppArmor is not enabled on the host",
    ],
    [
      "PodFeatureUnsupported",
      podOf({ hostNetwork: true, hostUsers: false }),
      "Pod requires node features that are not available: UserNamespacesHostNetworkSupport",
    ],
    [
      "PodFeatureUnsupported",
      podOf({
        containers: [containerOf({}, { restartPolicyRules: [{ action: "RestartAllContainers" }] })],
      }),
      "Pod requires node features that are not available: RestartAllContainersOnContainerExits",
    ],
  ])("%s", (reason, pod, message) => {
    expect(admit(pod)).toEqual({ reason, message });
  });

  it("takes a Pod for the node's own operating system, and one whose features the node declares", () => {
    expect(
      admit(podOf({ os: { name: "linux" } }, { labels: { "kubernetes.io/os": "linux" } })),
    ).toBeUndefined();
    const node = nodeOf({ status: { declaredFeatures: ["UserNamespacesHostNetworkSupport"] } });
    expect(admit(podOf({ hostNetwork: true, hostUsers: false }), { node })).toBeUndefined();
  });

  describe("under pressure", () => {
    const conditions = (...types: string[]) => ({
      node: nodeOf({ status: { conditions: types.map((type) => ({ type, status: "True" })) } }),
    });
    const burstable = podOf({ containers: [containerOf({ memory: "1Mi" })] });

    it("of memory keeps away pods that ask for nothing, and no others", () => {
      expect(admit(podOf(), conditions("MemoryPressure", "Ready"))).toEqual({
        reason: "Evicted",
        message: "The node had condition: [MemoryPressure]. ",
      });
      expect(admit(burstable, conditions("MemoryPressure"))).toBeUndefined();
      const toleration = { key: "node.kubernetes.io/memory-pressure", operator: "Exists" };
      expect(admit(podOf({ tolerations: [toleration] }), conditions("MemoryPressure"))).toBeUndefined();
    });

    it("of anything else keeps away all but critical ones", () => {
      expect(admit(burstable, conditions("DiskPressure", "MemoryPressure"))?.message).toBe(
        "The node had condition: [MemoryPressure DiskPressure]. ",
      );
      expect(admit(podOf({ priority: 2_000_000_000 }), conditions("DiskPressure"))).toBeUndefined();
      const mirror = { annotations: { "kubernetes.io/config.mirror": "hash" } };
      expect(admit(podOf({}, mirror), conditions("PIDPressure"))).toBeUndefined();
    });

    it("that the caller knows better goes before the Node object's", () => {
      expect(admit(burstable, { ...conditions("DiskPressure"), pressure: [] })).toBeUndefined();
    });
  });

  it("refuses what comes while the node goes down", () => {
    expect(admit(podOf(), { shuttingDown: true })).toEqual({
      reason: "NodeShutdown",
      message: "Pod was rejected as the node is shutting down.",
    });
  });

  it("does not judge a Pod that has ended or is being deleted", () => {
    const hopeless = { nodeName: "n2" };
    expect(admit({ ...podOf(hopeless), status: { phase: "Succeeded" } })).toBeUndefined();
    expect(admit(podOf(hopeless, { deletionTimestamp: new Date() }))).toBeUndefined();
  });

  it("tells the first reason in the kubelet's order", () => {
    // Each step takes one reason away, from the last handler to the first.
    const everything: AdmissionInit = {
      pod: podOf({
        nodeName: "n2",
        os: { name: "windows" },
        nodeSelector: { disk: "ssd" },
        hostNetwork: true,
        hostUsers: false,
        containers: [containerOf({ cpu: "9", memory: "9Gi" }, { ports: ports(80) })],
        securityContext: { sysctls: [{ name: "vm.swappiness" }], appArmorProfile: { type: "Localhost" } },
      }),
      node: nodeOf({ spec: { taints: [{ key: "k", effect: "NoExecute" }] } }),
      activePods: [podOf({ containers: [containerOf({}, { ports: ports(80) })] }, { uid: "a" })],
      pressure: ["DiskPressure"],
      shuttingDown: true,
    };
    const spec = (change: object): Partial<AdmissionInit> => ({
      pod: { ...current.pod, spec: { containers: [], ...current.pod.spec, ...change } },
    });
    let current = everything;
    const reasons: (string | undefined)[] = [];
    const steps: (() => Partial<AdmissionInit>)[] = [
      () => ({ pressure: [] }),
      () => spec({ securityContext: { appArmorProfile: { type: "Localhost" } } }),
      () => spec({ os: undefined }),
      () => spec({ containers: [containerOf({ memory: "9Gi" }, { ports: ports(80) })] }),
      () => spec({ containers: [containerOf({}, { ports: ports(80) })] }),
      () => spec({ nodeSelector: {} }),
      () => spec({ nodeName: "n1" }),
      () => ({ activePods: [] }),
      () => ({ node: nodeOf() }),
      () => spec({ securityContext: {} }),
      () => spec({ hostUsers: true }),
      () => ({ shuttingDown: false }),
    ];
    for (const step of steps) {
      reasons.push(admissionOf(current)?.reason);
      current = { ...current, ...step() };
    }
    expect(reasons).toEqual([
      "Evicted",
      "SysctlForbidden",
      "PodOSNotSupported",
      "OutOfcpu",
      "OutOfmemory",
      "NodeAffinity",
      "NodeName",
      "NodePorts",
      "TaintToleration",
      "AppArmor",
      "PodFeatureUnsupported",
      "NodeShutdown",
    ]);
    expect(admissionOf(current)).toBeUndefined();
  });
});
