/** Pods that have to go: for want of memory, for what they write themselves, for a critical pod. */
import type { CoreV1Event, V1Container, V1Pod } from "@kubernetes/client-node";
import { beforeAll, describe, expect, test } from "vitest";
import { compileGuests, guest } from "../compile-guests.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { limitMemory } from "./memory-limit.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

beforeAll(() => compileGuests());

/** A pod of guests that wait for their end. */
function waiting(
  name: string,
  containers: readonly V1Container[],
  spec: Partial<V1Pod["spec"]> & object = {},
): V1Pod {
  return podOf(name, containers, { terminationGracePeriodSeconds: 1, ...spec });
}

const sleeper = (more: Partial<V1Container> = {}): V1Container => exerciser(["sleep(600000)"], more);

async function messagesOf(
  node: TestNode,
  name: string,
  reason: string,
  namespace: string = node.namespace,
): Promise<readonly string[]> {
  const selector = `--field-selector=involvedObject.name=${name},reason=${reason}`;
  const list = await node.cluster.kubectlOutput([
    "get",
    "events",
    `--namespace=${namespace}`,
    selector,
    "--output=json",
  ]);
  return (JSON.parse(list) as { items: CoreV1Event[] }).items.map(
    ({ type, message }) => `${type}: ${message}`,
  );
}

describe("a node whose memory runs short", () => {
  test(
    "evicts the guest that grows, keeps the others, and recovers by itself",
    { timeout: 180_000 },
    async ({ skip }) => {
      const MIB = 2 ** 20;
      await using limit = await limitMemory(1024 * MIB);
      if (limit === undefined) return skip("no control group can be made here");
      await using node = await joinNode(await sharedCluster(), {
        evictionHard: "memory.available<400Mi",
        args: ["--eviction-pressure-transition-period=5s"],
      });
      await limit.take(node.root);
      const pressure = async (): Promise<string | undefined> =>
        (await node.object()).status?.conditions?.find(({ type }) => type === "MemoryPressure")?.status;
      await node.create(
        waiting("modest", [{ name: "main", image: `fs/${guest("hold-memory")}`, args: ["32", "0"] }]),
        // It uses more than the other one, and no more than it asked for.
        waiting("entitled", [
          {
            name: "main",
            image: `fs/${guest("hold-memory")}`,
            args: ["64", "0"],
            resources: { requests: { memory: "96Mi" } },
          },
        ]),
      );
      await node.pods.until("modest", "Ready", hasCondition("Ready"));
      await node.pods.until("entitled", "Ready", hasCondition("Ready"));
      expect(await pressure()).toBe("False");
      await node.create(
        waiting("greedy", [{ name: "main", image: `fs/${guest("hold-memory")}`, args: ["600", "0"] }]),
      );
      const evicted = await node.pods.until("greedy", "Failed", inPhase("Failed"), 60_000);
      expect(evicted.status?.reason).toBe("Evicted");
      const message = evicted.status?.message ?? "";
      expect(message).toMatch(
        /^The node was low on resource: memory\. Threshold quantity: 400Mi, available: \d+[KM]i\. Container main was using 6\d+[KM]i, request is 0, has larger consumption of memory\. $/,
      );
      await expect.poll(() => messagesOf(node, "greedy", "Evicted")).toEqual([`Warning: ${message}`]);
      const events = ["get", "events", "--field-selector=reason=Evicted,involvedObject.name=greedy"];
      const starved = "--output=jsonpath={.items[0].metadata.annotations.starved_resource}";
      expect(await node.kubectl([...events, starved])).toBe("memory");
      await expect
        .poll(() => messagesOf(node, node.name, "NodeHasInsufficientMemory", "default"), { timeout: 20_000 })
        .toHaveLength(1);
      await expect.poll(pressure, { timeout: 90_000 }).toBe("False");
      for (const name of ["modest", "entitled"])
        expect(node.pods.history(name).at(-1)?.status?.phase).toBe("Running");
      await node.create(podOf("afterwards", [exerciser([say("room")])]));
      await node.pods.until("afterwards", "Succeeded", inPhase("Succeeded"), 60_000);
    },
  );
});

describe("a pod that writes more than it may", () => {
  const limited = (limit: string): Partial<V1Container> => ({
    resources: { limits: { "ephemeral-storage": limit } },
  });

  test(
    "is evicted for its volumes and logs together, and for a container's own",
    { timeout: 120_000 },
    async () => {
      await using node = await joinNode(await sharedCluster());
      await node.create(
        waiting(
          "volumes",
          [
            {
              name: "main",
              image: `fs/${guest("fill-disk")}`,
              args: ["/data/file", "4"],
              volumeMounts: [{ name: "data", mountPath: "/data" }],
              ...limited("2Mi"),
            },
          ],
          { volumes: [{ name: "data", emptyDir: {} }] },
        ),
        waiting("logs", [
          { name: "talker", image: `fs/${guest("flood")}`, args: ["1"], ...limited("64Ki") },
          sleeper({ name: "other", ...limited("1Gi") }),
        ]),
        waiting("within", [
          { name: "talker", image: `fs/${guest("flood")}`, args: ["1"], ...limited("8Mi") },
          sleeper({ name: "other" }),
        ]),
      );
      const messages = {
        volumes: "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ",
        logs: 'Container talker exceeded its local ephemeral storage limit "64Ki". ',
      };
      for (const [name, message] of Object.entries(messages)) {
        const pod = await node.pods.until(name, "Failed", inPhase("Failed"), 40_000);
        expect(pod.status).toMatchObject({ reason: "Evicted", message });
        expect(pod.status?.conditions?.map(({ type }) => type)).not.toContain("DisruptionTarget");
        await expect.poll(() => messagesOf(node, name, "Evicted")).toEqual([`Warning: ${message}`]);
      }
      expect(node.pods.history("within").at(-1)?.status?.phase).toBe("Running");
    },
  );
});

describe("a critical pod for which there is no room", () => {
  test("takes the place of another one, which ends in its own time", { timeout: 120_000 }, async () => {
    await using node = await joinNode(await sharedCluster(), { args: ["--max-pods=2"] });
    await node.create(
      waiting("guaranteed", [
        sleeper({
          resources: { requests: { cpu: "10m", memory: "1Mi" }, limits: { cpu: "10m", memory: "1Mi" } },
        }),
      ]),
      waiting("best-effort", [sleeper()]),
    );
    await node.pods.until("guaranteed", "Ready", hasCondition("Ready"));
    await node.pods.until("best-effort", "Ready", hasCondition("Ready"));
    // Past the scheduler, which would make room by itself.
    const placed = { nodeName: node.name };
    await node.create(podOf("usual", [exerciser([])], placed));
    expect((await node.pods.until("usual", "Failed", inPhase("Failed"))).status?.reason).toBe("OutOfpods");
    await node.create(
      podOf("critical", [exerciser([say("needed")])], {
        ...placed,
        priorityClassName: "system-node-critical",
      }),
    );
    const gone = await node.pods.until("best-effort", "Failed", inPhase("Failed"));
    expect(gone.status).toMatchObject({
      reason: "Preempting",
      message: "Preempted in order to admit critical pod",
    });
    expect(gone.status?.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "TerminationByKubelet",
      message: "Pod was preempted by Kubelet to accommodate a critical pod.",
    });
    await expect
      .poll(() => messagesOf(node, "best-effort", "Preempting"))
      .toEqual(["Warning: Preempted in order to admit critical pod"]);
    await node.pods.until("critical", "Succeeded", inPhase("Succeeded"));
    expect(node.pods.history("guaranteed").at(-1)?.status?.phase).toBe("Running");
  });
});
