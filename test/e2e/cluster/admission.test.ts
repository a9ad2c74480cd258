/** Pods that this node does not take, or not yet, as kubectl tells it. */
import type { V1PodSpec } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

let node: TestNode;
beforeAll(async () => {
  node = await joinNode(await sharedCluster());
});
afterAll(() => node[Symbol.asyncDispose]());

const soon = { timeout: 20_000, interval: 100 };

interface Told {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}
/** A pod's Events of one reason, so far. */
const eventsOf = async (pod: string, reason: string): Promise<readonly Told[]> => {
  const selector = `involvedObject.name=${pod},reason=${reason}`;
  const text = await node.kubectl(["get", "events", `--field-selector=${selector}`, "--output=json"]);
  return (JSON.parse(text) as { items: Told[] }).items;
};
const requests = (amounts: Record<string, string>) => ({ resources: { requests: amounts } });
const withPort = { ports: [{ containerPort: 80, hostPort: 31_999 }] };

describe("a pod that names its node itself", () => {
  const terms = [{ matchExpressions: [{ key: "krustlet.dev/none", operator: "Exists" }] }];
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
  };

  test.each<[string, string, Partial<V1PodSpec>, object, RegExp]>([
    [
      "cpu",
      "OutOfcpu",
      {},
      requests({ cpu: "1000" }),
      /: cpu, requested: 1000000, used: \d+, capacity: \d+$/,
    ],
    [
      "memory",
      "OutOfmemory",
      {},
      requests({ memory: "1Pi" }),
      /: memory, requested: 1125899906842624, used: /,
    ],
    [
      "selector",
      "NodeAffinity",
      { nodeSelector: { "kubernetes.io/arch": "amd64" } },
      {},
      /^Pod was rejected: Predicate NodeAffinity failed: node\(s\) didn't match Pod's node affinity\/selector$/,
    ],
    ["affinity", "NodeAffinity", { affinity: { nodeAffinity } }, {}, /Predicate NodeAffinity failed/],
    [
      "taint",
      "TaintToleration",
      { tolerations: [{ key: "other", operator: "Exists" }] },
      {},
      /Predicate TaintToleration failed: node\(s\) had taints that the pod didn't tolerate$/,
    ],
    [
      "os",
      "PodOSNotSupported",
      { os: { name: "windows" } },
      {},
      /^Pod was rejected: Failed to admit pod as the OS field doesn't match node OS$/,
    ],
    [
      "sysctl",
      "SysctlForbidden",
      { securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } },
      {},
      /^Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted$/,
    ],
  ])("is refused for its %s, as %s", async (what, reason, spec, container, message) => {
    const name = `refused-${what}`;
    await node.create(podOf(name, [exerciser([], container)], { nodeName: node.name, ...spec }));
    const { status } = await node.pods.until(name, "Failed", inPhase("Failed"));
    expect(status).toMatchObject({ reason, message: expect.stringMatching(message) });
    expect(status?.message).toMatch(/^Pod was rejected: /);
    // The kubelet's own conditions go; PodScheduled is one of them. The controller that evicts for taints may be there first,
    // and what it says is its own.
    const conditions = (status?.conditions ?? []).map(({ type }) => type);
    expect(conditions.filter((type) => type !== "DisruptionTarget")).toEqual([]);
    expect(status?.containerStatuses ?? []).toEqual([]);
    await expect.poll(() => eventsOf(name, reason), soon).toHaveLength(1);
    const [event] = await eventsOf(name, reason);
    expect(event?.type).toBe("Warning");
    expect(status?.message).toBe(`Pod was rejected: ${event?.message}`);
  });

  test("is refused for a port of the node that another pod has, until that has ended", async () => {
    // With no grace period at all the object would be gone before the pod is.
    const own = { nodeName: node.name, terminationGracePeriodSeconds: 1 };
    await node.create(podOf("has-port", [exerciser(["sleep(600000)"], withPort)], own));
    await node.pods.until("has-port", "Ready", hasCondition("Ready"));
    await node.create(podOf("wants-port", [exerciser([], withPort)], own));
    const { status } = await node.pods.until("wants-port", "Failed", inPhase("Failed"));
    expect(status).toMatchObject({
      reason: "NodePorts",
      message:
        "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    });
    await node.kubectl(["delete", "pod", "has-port"]);
    await node.create(podOf("gets-port", [exerciser([], withPort)], own));
    await node.pods.until("gets-port", "Succeeded", inPhase("Succeeded"));
  });

  test("is taken with what PodSecurity restricted wants of it", async () => {
    const container = {
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
    };
    await node.kubectl([
      "label",
      "namespace",
      node.namespace,
      "pod-security.kubernetes.io/enforce=restricted",
    ]);
    await node.create(podOf("restricted", [exerciser([], container)], { nodeName: node.name }));
    const { status } = await node.pods.until("restricted", "Succeeded", inPhase("Succeeded"));
    expect(status?.reason).toBeUndefined();
    await node.kubectl(["label", "namespace", node.namespace, "pod-security.kubernetes.io/enforce-"]);
  });
});

describe("a pod that asks for what is not done", () => {
  test("waits, and its Event says for what", async () => {
    const volumes = [{ name: "v", nfs: { server: "nfs.example", path: "/" } }];
    await node.create(podOf("nfs", [exerciser([])], { volumes, terminationGracePeriodSeconds: 0 }));
    await expect
      .poll(async () => (await eventsOf("nfs", "FailedCreatePodSandBox")).map(({ message }) => message), soon)
      .toEqual([
        expect.stringMatching(
          /^Failed to create pod sandbox: spec\.volumes\[0\]\.nfs: unknown volume kind "nfs" \(known: /,
        ),
      ]);
    expect(await node.kubectl(["get", "pod", "nfs", "--output=jsonpath={.status.phase}"])).toBe("Pending");
    await node.kubectl(["delete", "pod", "nfs"]);
  });

  test("is told what of it is ignored, and runs", async () => {
    await node.create(podOf("probed", [exerciser([], { livenessProbe: { tcpSocket: { port: 80 } } })]));
    await node.pods.until("probed", "Succeeded", inPhase("Succeeded"));
    await expect
      .poll(async () => (await eventsOf("probed", "FieldsIgnored")).map(({ message }) => message), soon)
      .toEqual([expect.stringMatching(/^spec\.containers\[0\]\.livenessProbe: ignored: probes are not run/)]);
  });
});

describe("a RuntimeClass", () => {
  const runtimeClass = (handler: string) => ({
    apiVersion: "node.k8s.io/v1",
    kind: "RuntimeClass",
    metadata: { name: `${node.name}-${handler}` },
    handler,
  });
  const classed = (name: string, handler: string, spec: Partial<V1PodSpec> = {}) =>
    podOf(name, [exerciser([say("it ran")])], { runtimeClassName: `${node.name}-${handler}`, ...spec });

  test.each(["wasi", "wasmer"])("whose handler is %s runs its pods there", async (handler) => {
    await node.create(runtimeClass(handler), classed(handler, handler));
    const { status } = await node.pods.until(handler, "Succeeded", inPhase("Succeeded"));
    expect(status?.containerStatuses?.[0]?.containerID).toMatch(new RegExp(`^${handler}://`, "u"));
    expect(await node.kubectl(["logs", handler])).toBe("it ran");
    await node.kubectl(["delete", "runtimeclass", `${node.name}-${handler}`]);
  });

  test("whose handler the node has not keeps its pods waiting, and says why", async () => {
    await node.create(runtimeClass("kata"), classed("kata", "kata"));
    const unknown = `the handler "kata" of RuntimeClass "${node.name}-kata"`;
    await expect
      .poll(
        async () => (await eventsOf("kata", "FailedCreatePodSandBox")).map(({ message }) => message),
        soon,
      )
      .toEqual([`Failed to create pod sandbox: ${unknown} is none that this node has (wasi, wasmer)`]);
    // One that failed would be replaced at once, without end.
    expect(await node.kubectl(["get", "pod", "kata", "--output=jsonpath={.status.phase}"])).toBe("Pending");
    await node.kubectl(["delete", "pod", "kata"]);
    await node.kubectl(["delete", "runtimeclass", `${node.name}-kata`]);
  });

  test("that is gone keeps its pods waiting until it is there again", async () => {
    // The API server takes no pod of a class that is not there; it may go while the pod waits for a node.
    const schedulingGates = [{ name: "krustlet.dev/later" }];
    await node.create(runtimeClass("wasi"));
    await node.create(classed("classless", "wasi", { schedulingGates }));
    await node.kubectl(["delete", "runtimeclass", `${node.name}-wasi`]);
    await node.kubectl([
      "patch",
      "pod",
      "classless",
      "--type=merge",
      '--patch={"spec":{"schedulingGates":null}}',
    ]);
    await expect
      .poll(
        async () => (await eventsOf("classless", "FailedCreatePodSandBox")).map(({ message }) => message),
        soon,
      )
      .toEqual([`Failed to create pod sandbox: runtimeclass.node.k8s.io "${node.name}-wasi" not found`]);
    expect(await node.kubectl(["get", "pod", "classless", "--output=jsonpath={.status.phase}"])).toBe(
      "Pending",
    );
    await node.create(runtimeClass("wasi"));
    await node.pods.until("classless", "Succeeded", inPhase("Succeeded"));
    await node.kubectl(["delete", "runtimeclass", `${node.name}-wasi`]);
  });
});
