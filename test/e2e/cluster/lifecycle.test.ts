/** What Krustlet never tested: restarts, back-off, deletion, replicas, environment, Events, deadlines. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CoreV1Event, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";
import { exerciser, localImage, podOf, say } from "./exerciser-pod.ts";

let node: TestNode;
beforeAll(async () => {
  node = await joinNode(await sharedCluster());
});
afterAll(() => node[Symbol.asyncDispose]());

const SLEEP = "sleep(3600000)";
const main = (pod: V1Pod): V1ContainerStatus | undefined => pod.status?.containerStatuses?.[0];
const running = (name: string): Promise<V1Pod> => node.pods.until(name, "Ready", hasCondition("Ready"));
const eventsOf = async (name: string): Promise<readonly CoreV1Event[]> => {
  const selector = `--field-selector=involvedObject.name=${name}`;
  return JSON.parse(await node.kubectl(["get", "events", selector, "--output=json"])).items;
};

describe("a pod's whole status", () => {
  test("of a running pod has every condition, its addresses, its class and what runs", async () => {
    await node.create(podOf("whole", [exerciser([SLEEP])]));
    const { metadata, status } = await running("whole");
    expect(Object.fromEntries(status?.conditions?.map(({ type, status }) => [type, status]) ?? [])).toEqual({
      PodReadyToStartContainers: "True",
      Initialized: "True",
      Ready: "True",
      ContainersReady: "True",
      PodScheduled: "True",
    });
    expect(status).toMatchObject({
      phase: "Running",
      hostIP: "127.0.0.1",
      hostIPs: [{ ip: "127.0.0.1" }],
      qosClass: "BestEffort",
      observedGeneration: metadata?.generation,
    });
    expect(status?.podIP).toMatch(/^127\./u);
    expect(status?.podIPs).toEqual([{ ip: status?.podIP }]);
    expect(status?.startTime).toBeTruthy();
    const container = status?.containerStatuses?.[0];
    expect(container).toMatchObject({ name: "main", ready: true, started: true, restartCount: 0 });
    expect(container?.containerID).toMatch(/^[a-z-]+:\/\/\S+$/);
    expect(container?.state?.running?.startedAt).toBeTruthy();
    // A scheduled pod, its start and its running: nobody is told more than there is to tell.
    expect(node.pods.history("whole").length).toBeLessThanOrEqual(4);
    await node.kubectl(["delete", "pod", "whole"]);
  });

  test("has a container's own exit code, and the message that it left in its termination log", async () => {
    const leave = (text: string): string => `write(lit:${text})to(file:/dev/termination-log)`;
    await node.create(
      podOf("fails", [exerciser([leave("all is lost"), "exit(3)"])]),
      podOf("succeeds", [exerciser([leave("all is well"), "exit(0)"])]),
    );
    const failed = await node.pods.until("fails", "Failed", inPhase("Failed"));
    expect(main(failed)?.state?.terminated).toMatchObject({
      exitCode: 3,
      reason: "Error",
      message: "all is lost",
    });
    const succeeded = await node.pods.until("succeeds", "Succeeded", inPhase("Succeeded"));
    expect(main(succeeded)?.state?.terminated).toMatchObject({
      exitCode: 0,
      reason: "Completed",
      message: "all is well",
    });
  });
});

describe("a container", () => {
  test("that fails is started again with back-off, and its pod succeeds once it does", async () => {
    const hostPath = join(node.root, "..", "restarts");
    await mkdir(hostPath);
    await node.create(
      podOf(
        "restarts",
        [
          exerciser([say("tried\n"), "assert_exists(file:/hp/go)", say("went\n")], {
            volumeMounts: [{ name: "hp", mountPath: "/hp" }],
          }),
        ],
        { restartPolicy: "OnFailure", volumes: [{ name: "hp", hostPath: { path: hostPath } }] },
      ),
    );
    const waiting = (pod: V1Pod): boolean => main(pod)?.state?.waiting?.reason === "CrashLoopBackOff";
    const backedOff = await node.pods.until("restarts", "in CrashLoopBackOff", waiting);
    expect(main(backedOff)?.state?.waiting?.message).toMatch(
      /^back-off 10s restarting failed container=main pod=restarts_/,
    );
    expect(main(backedOff)?.restartCount).toBe(1);
    expect(main(backedOff)?.lastState?.terminated).toMatchObject({ exitCode: 1, reason: "Error" });
    expect(await node.kubectl(["logs", "restarts", "--previous"])).toContain("tried");
    await writeFile(join(hostPath, "go"), "");
    const pod = await node.pods.until("restarts", "Succeeded", inPhase("Succeeded"));
    expect(main(pod)).toMatchObject({ restartCount: 2, state: { terminated: { exitCode: 0 } } });
    expect(await node.kubectl(["logs", "restarts"])).toBe("tried\nwent\n");
  });

  test("that ends is started again under restartPolicy Always, and its pod stays Running", async () => {
    await node.create(podOf("always", [exerciser([say("once more")])], { restartPolicy: "Always" }));
    const again = (pod: V1Pod): boolean => (main(pod)?.restartCount ?? 0) >= 1;
    const pod = await node.pods.until("always", "started again", again);
    expect(pod.status?.phase).toBe("Running");
    expect(main(pod)?.lastState?.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
    await node.kubectl(["delete", "pod", "always"]);
  });

  test("that runs for too long ends with its pod's deadline", async () => {
    await node.create(podOf("deadline", [exerciser([SLEEP])], { activeDeadlineSeconds: 2 }));
    const pod = await node.pods.until("deadline", "Failed", inPhase("Failed"));
    expect(pod.status).toMatchObject({
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    });
  });
});

describe("deletion", () => {
  test("asks a guest that listens to stop, and lets it put away what it has", async () => {
    const image = localImage("graceful-stop");
    await node.create(podOf("graceful", [{ name: "main", image }], { terminationGracePeriodSeconds: 20 }));
    await running("graceful");
    const following = node.kubectl(["logs", "graceful", "--follow"]);
    const begun = performance.now();
    await node.kubectl(["delete", "pod", "graceful", "--wait=false"]);
    await node.pods.untilGone("graceful");
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await following).toBe("working\nreceived TERM\neverything is put away\n");
    const last = node.pods.history("graceful").at(-1);
    expect(last?.status?.phase).toBe("Succeeded");
    expect(main(last!)?.state?.terminated?.exitCode).toBe(0);
  });

  const guests: readonly (readonly [string, readonly string[]])[] = [
    ["sleeps", [SLEEP]],
    ["computes without end", ["spin()"]],
  ];
  for (const [name, args] of guests) {
    test(`of a guest that ${name} takes no grace period`, async () => {
      const pod = `deleted-${args[0]?.slice(0, 4)}`;
      await node.create(podOf(pod, [exerciser(args)]));
      await running(pod);
      const begun = performance.now();
      await node.kubectl(["delete", "pod", pod, "--wait=false"]);
      await node.pods.untilGone(pod);
      expect(performance.now() - begun).toBeLessThan(10_000);
    });
  }

  test("of a pod whose image cannot be had, whose volume cannot, or that backs off, ends it at once", async () => {
    await node.create(
      podOf("no-image", [{ name: "main", image: "127.0.0.1:1/none:v1" }]),
      podOf("no-volume", [exerciser([SLEEP], { volumeMounts: [{ name: "v", mountPath: "/v" }] })], {
        volumes: [{ name: "v", configMap: { name: "no-such-map" } }],
      }),
      podOf("backs-off", [exerciser(["exit(1)"])], { restartPolicy: "Always" }),
      podOf("in-init", [exerciser([SLEEP])], { initContainers: [exerciser([SLEEP], { name: "init" })] }),
    );
    const reason = (pod: V1Pod): string | undefined => main(pod)?.state?.waiting?.reason;
    await node.pods.until("no-image", "told why", (pod) => reason(pod) === "RegistryUnavailable");
    await node.pods.until("no-image", "in ImagePullBackOff", (pod) => reason(pod) === "ImagePullBackOff");
    await node.pods.until("no-volume", "ContainerCreating", (pod) => reason(pod) === "ContainerCreating");
    await node.pods.until("backs-off", "in CrashLoopBackOff", (pod) => reason(pod) === "CrashLoopBackOff");
    await node.pods.until("in-init", "initializing", ({ status }) =>
      Boolean(status?.initContainerStatuses?.[0]?.state?.running),
    );
    const all = ["no-image", "no-volume", "backs-off", "in-init"];
    const begun = performance.now();
    await node.kubectl(["delete", "pod", ...all, "--wait=false"]);
    await Promise.all(all.map((name) => node.pods.untilGone(name)));
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  test("and creation under the same name leave the new pod alone", async () => {
    for (const text of ["first", "second", "third"]) {
      await node.create(podOf("again", [exerciser([say(`${text}\n`), SLEEP])]));
      const uid = await node.kubectl(["get", "pod", "again", "--output=jsonpath={.metadata.uid}"]);
      await node.pods.until(
        "again",
        "Ready",
        (pod) => pod.metadata?.uid === uid && hasCondition("Ready")(pod),
      );
      await expect.poll(() => node.kubectl(["logs", "again"]), { timeout: 10_000 }).toBe(`${text}\n`);
      await node.kubectl(["delete", "pod", "again"]);
    }
  });
});

describe("controllers", () => {
  test("a Deployment has its replicas, which come again when they are deleted", async () => {
    const labels = { app: "replicas" };
    const { spec } = podOf("x", [exerciser([SLEEP])], {
      restartPolicy: "Always",
      nodeSelector: { "kubernetes.io/hostname": node.name },
      tolerations: [{ operator: "Exists" }],
    });
    await node.create({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "replicas" },
      spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    const status = ["rollout", "status", "deployment/replicas", "--timeout=30s"];
    expect(await node.kubectl(status)).toContain("successfully rolled out");
    await node.kubectl(["delete", "pod", "--selector=app=replicas", "--wait=false"]);
    await node.kubectl([
      "wait",
      "deployment/replicas",
      "--for=jsonpath={.status.availableReplicas}=3",
      "--timeout=30s",
    ]);
    expect(await node.kubectl(status)).toContain("successfully rolled out");
    await node.kubectl(["scale", "deployment/replicas", "--replicas=0"]);
    await node.kubectl(["wait", "pods", "--selector=app=replicas", "--for=delete", "--timeout=30s"]);
  });
});

describe("the environment", () => {
  test("has the pod's own fields, what objects hold, and the services there are", async () => {
    await node.create(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "settings" },
        data: { COLOUR: "blue", shape: "round" },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "some-service" },
        spec: { ports: [{ port: 8080 }], selector: { app: "none" } },
      },
      podOf(
        "fields",
        [
          exerciser(
            [
              "assert_value(env:POD)is(lit:fields)",
              `assert_value(env:NAMESPACE)is(lit:${node.namespace})`,
              `assert_value(env:NODE)is(lit:${node.name})`,
              "assert_value(env:ACCOUNT)is(lit:default)",
              "assert_value(env:LABEL)is(lit:lime)",
              "assert_value(env:NOTE)is(lit:remember)",
              "assert_value(env:HOST)is(lit:127.0.0.1)",
              "assert_value(env:MEMORY)is(lit:64)",
              "assert_value(env:SET_COLOUR)is(lit:blue)",
              "assert_value(env:SHAPE)is(lit:round)",
              "assert_value(env:GREETING)is(lit:hello lime)",
              "assert_value(env:SOME_SERVICE_SERVICE_PORT)is(lit:8080)",
              "assert_exists(env:KUBERNETES_SERVICE_HOST)",
              "assert_exists(file:/var/run/secrets/kubernetes.io/serviceaccount/token)",
              "assert_value(env:KUBERNETES_SERVICE_PORT)is(lit:443)",
              "write(env:UID)to(stm:stdout)",
            ],
            {
              resources: { limits: { memory: "64Mi" } },
              envFrom: [{ prefix: "SET_", configMapRef: { name: "settings" } }],
              env: [
                { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
                { name: "UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
                { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
                { name: "ACCOUNT", valueFrom: { fieldRef: { fieldPath: "spec.serviceAccountName" } } },
                { name: "LABEL", valueFrom: { fieldRef: { fieldPath: "metadata.labels['fruit']" } } },
                { name: "NOTE", valueFrom: { fieldRef: { fieldPath: "metadata.annotations['note']" } } },
                { name: "HOST", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
                {
                  name: "MEMORY",
                  valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } },
                },
                { name: "SHAPE", valueFrom: { configMapKeyRef: { name: "settings", key: "shape" } } },
                { name: "GREETING", value: "hello $(LABEL)" },
              ],
            },
          ),
        ],
        {},
        { labels: { fruit: "lime" }, annotations: { note: "remember" } },
      ),
    );
    const pod = await node.pods.until("fields", "over", ({ status }) =>
      /Succeeded|Failed/.test(status?.phase ?? ""),
    );
    expect(await node.kubectl(["logs", "fields"])).toBe(pod.metadata?.uid);
    expect(pod.status?.phase).toBe("Succeeded");
  });

  test("that names a key which is not there holds the container back, until it is", async () => {
    await node.create(
      podOf("key", [
        exerciser(["write(env:LATE)to(stm:stdout)"], {
          env: [{ name: "LATE", valueFrom: { secretKeyRef: { name: "late", key: "text" } } }],
        }),
      ]),
    );
    const held = (pod: V1Pod): boolean => main(pod)?.state?.waiting?.reason === "CreateContainerConfigError";
    const pod = await node.pods.until("key", "held back", held);
    expect(main(pod)?.state?.waiting?.message).toBe('secret "late" not found');
    await expect
      .poll(() => node.kubectl(["events", "--for", "pod/key"]), { timeout: 15_000 })
      .toContain('Error: secret "late" not found');
    await node.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "late" },
      stringData: { text: "here" },
    });
    await node.pods.until("key", "Succeeded", inPhase("Succeeded"), 60_000);
    expect(await node.kubectl(["logs", "key"])).toBe("here");
  });
});

describe("a mounted ConfigMap", () => {
  test("changes in the running guest within seconds", async () => {
    const map = (text: string): object => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "live", namespace: node.namespace },
      data: { text },
    });
    await node.cluster.apply(map("before"));
    await node.create(
      podOf("live", [exerciser([SLEEP], { volumeMounts: [{ name: "v", mountPath: "/v" }] })], {
        volumes: [{ name: "v", configMap: { name: "live" } }],
      }),
    );
    const { metadata } = await running("live");
    const file = join(
      node.root,
      "pods",
      metadata?.uid ?? "",
      "volumes",
      "kubernetes.io~configmap",
      "v",
      "text",
    );
    await node.cluster.apply(map("after"));
    await expect.poll(() => readFile(file, "utf8"), { timeout: 10_000 }).toBe("after");
    await node.kubectl(["delete", "pod", "live"]);
  });
});

describe("Events", () => {
  test("tell a pod's life in the kubelet's words", async () => {
    await node.create(podOf("told", [exerciser([SLEEP])]));
    await running("told");
    await node.kubectl(["delete", "pod", "told"]);
    await expect
      .poll(async () => (await eventsOf("told")).map(({ reason }) => reason), { timeout: 10_000 })
      .toEqual(expect.arrayContaining(["Scheduled", "Created", "Started", "Killing"]));
    const started = (await eventsOf("told")).find(({ reason }) => reason === "Started");
    expect(started).toMatchObject({
      type: "Normal",
      message: "Container started",
      involvedObject: { kind: "Pod", name: "told", fieldPath: "spec.containers{main}" },
      source: { component: "kubelet", host: node.name },
    });
  });
});

describe("images", () => {
  test("that must not be pulled and are not there hold their pod back, and say so", async () => {
    await node.create(
      podOf("never", [{ name: "main", image: "127.0.0.1:1/none:v1", imagePullPolicy: "Never" }]),
    );
    const held = (pod: V1Pod): boolean => main(pod)?.state?.waiting?.reason === "ErrImageNeverPull";
    const pod = await node.pods.until("never", "held back", held);
    expect(main(pod)?.state?.waiting?.message).toBe(
      'Container image "127.0.0.1:1/none:v1" is not present with pull policy of Never',
    );
    await node.kubectl(["delete", "pod", "never"]);
  });
});
