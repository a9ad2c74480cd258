/** What pods get from the cluster's objects: volumes that follow them, tokens, variables of Services, claims. */
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createObjectCache, requestToken } from "@krustlet/kube";
import { createVolumeMounter } from "@krustlet/volumes";
import type { V1Pod, V1Volume } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { exerciser, podOf } from "./exerciser-pod.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { openNodeRights } from "./node-rights.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

let node: TestNode;
beforeAll(async () => {
  node = await joinNode(await sharedCluster());
});
afterAll(() => node[Symbol.asyncDispose]());

const STAY = "sleep(600000)";
const ended = (pod: V1Pod): boolean => inPhase("Succeeded")(pod) || inPhase("Failed")(pod);
/** How a pod ended; what fails prints why on its error stream. */
const endOf = async (name: string): Promise<string | undefined> =>
  (await node.pods.until(name, "at its end", ended)).status?.phase;
const runs = (name: string): Promise<V1Pod> => node.pods.until(name, "Ready", hasCondition("Ready"));
const configMap = (name: string, data: Record<string, string>): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});
const secret = (name: string, stringData: Record<string, string>): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name },
  stringData,
});
/** The messages of a pod's Events of one reason, so far. */
const eventsOf = async (pod: string, reason: string): Promise<readonly string[]> => {
  const selector = `involvedObject.name=${pod},reason=${reason}`;
  const text = await node.kubectl(["get", "events", `--field-selector=${selector}`, "--output=json"]);
  return (JSON.parse(text) as { items: { message: string }[] }).items.map(({ message }) => message);
};
/** The file of a pod's volume as it lies on the node's disk. */
const fileOf = (pod: V1Pod, kind: string, volume: string, file: string): Promise<string> =>
  readFile(
    join(node.root, "pods", pod.metadata?.uid ?? "", "volumes", `kubernetes.io~${kind}`, volume, file),
    "utf8",
  );
const soon = { timeout: 20_000, interval: 100 };

describe("a volume", () => {
  test("shows a change of its ConfigMap and its Secret within seconds, to the guest too", async () => {
    const volumes: V1Volume[] = [
      { name: "map", configMap: { name: "followed" } },
      { name: "both", projected: { sources: [{ secret: { name: "followed" } }] } },
    ];
    const volumeMounts = [
      { name: "map", mountPath: "/map" },
      { name: "both", mountPath: "/both" },
    ];
    const look = ["read(file:/map/word)to(var:word)", "write(var:word)to(stm:stdout)", "sleep(100)"];
    const args = Array.from({ length: 300 }, () => look).flat();
    await node.create(
      configMap("followed", { word: "before\n" }),
      secret("followed", { word: "hidden" }),
      podOf("follows", [exerciser(args, { volumeMounts })], { volumes, terminationGracePeriodSeconds: 0 }),
    );
    const pod = await runs("follows");
    const log = join(
      node.root,
      "logs",
      "pods",
      `${node.namespace}_follows_${pod.metadata?.uid}`,
      "main",
      "0.log",
    );
    await expect.poll(() => readFile(log, "utf8"), soon).toContain("before");
    await node.kubectl(["patch", "configmap", "followed", "--patch", '{"data":{"word":"after\\n"}}']);
    await node.kubectl(["patch", "secret", "followed", "--patch", '{"stringData":{"word":"changed"}}']);
    await expect.poll(() => fileOf(pod, "configmap", "map", "word"), soon).toBe("after\n");
    await expect.poll(() => fileOf(pod, "projected", "both", "word"), soon).toBe("changed");
    await expect.poll(() => readFile(log, "utf8"), soon).toContain("after");
    await node.kubectl(["delete", "configmap", "followed"]);
    const gone = 'MountVolume.SetUp failed for volume "map" : configmap "followed" not found';
    await expect.poll(() => eventsOf("follows", "FailedMount"), soon).toContain(gone);
    await node.kubectl(["patch", "secret", "followed", "--patch", '{"stringData":{"word":"again"}}']);
    await expect.poll(() => fileOf(pod, "projected", "both", "word"), soon).toBe("again");
    expect(await fileOf(pod, "configmap", "map", "word")).toBe("after\n");
    await node.kubectl(["delete", "pod", "follows"]);
  });

  test("whose ConfigMap is not there keeps the pod waiting, says so, and is made when it comes", async () => {
    const volumes = [{ name: "v", configMap: { name: "late" } }];
    const main = exerciser(["assert_exists(file:/v/a)"], { volumeMounts: [{ name: "v", mountPath: "/v" }] });
    await node.create(podOf("waits", [main], { volumes }));
    const message = 'MountVolume.SetUp failed for volume "v" : configmap "late" not found';
    await expect.poll(() => eventsOf("waits", "FailedMount"), soon).toContain(message);
    await node.pods.until("waits", "waiting", (pod) => {
      const [main] = pod.status?.containerStatuses ?? [];
      return main?.state?.waiting?.reason === "ContainerCreating";
    });
    await node.create(configMap("late", { a: "" }));
    expect(await endOf("waits")).toBe("Succeeded");
  });

  test("of the service account has a token that the API server takes, and its certificates", async () => {
    await node.create(podOf("token", [exerciser([STAY])], { terminationGracePeriodSeconds: 0 }));
    const pod = await runs("token");
    const volume = pod.spec?.volumes?.find(({ name }) => name.startsWith("kube-api-access-"))?.name ?? "";
    expect(await fileOf(pod, "projected", volume, "namespace")).toBe(node.namespace);
    expect(await fileOf(pod, "projected", volume, "ca.crt")).toContain("BEGIN CERTIFICATE");
    const token = await fileOf(pod, "projected", volume, "token");
    expect(await review(token)).toMatchObject({
      authenticated: true,
      user: {
        username: `system:serviceaccount:${node.namespace}:default`,
        extra: {
          "authentication.kubernetes.io/pod-name": ["token"],
          "authentication.kubernetes.io/node-name": [node.name],
        },
      },
    });
    expect(await node.log()).not.toContain(token.slice(-40));
    await node.kubectl(["delete", "pod", "token"]);
  });

  test("of the service account has another token in time, in place, that the API server takes as well", async () => {
    // Volumes on a real API server with a node's rights, and a clock that nobody has to wait for.
    await using alone = await openNodeRights(await sharedCluster());
    const made = podOf("renewed", [exerciser([])], { nodeName: alone.name });
    await node.kubectl(["create", "-f", "-"], { stdin: JSON.stringify(made) });
    const pod = JSON.parse(await node.kubectl(["get", "pod", "renewed", "--output=json"])) as V1Pod;
    const rootDirectory = join(node.root, "..", "renewed");
    using objects = createObjectCache(alone.kube);
    let now = new Date();
    const mounter = createVolumeMounter({
      rootDirectory,
      objects,
      tokens: (request, options) => requestToken(alone.kube, request, options),
      clock: { now: () => now, elapsed: () => now.getTime() },
    });
    // The authorizer learns a moment later that the pod is this node's.
    await using volumes = await vi.waitFor(() => mounter.mount(pod), soon);
    const volume = pod.spec?.volumes?.[0]?.name ?? "";
    const path = join(
      rootDirectory,
      "pods",
      pod.metadata?.uid ?? "",
      "volumes/kubernetes.io~projected",
      volume,
    );
    const first = await readFile(join(path, "token"), "utf8");
    await volumes.refresh(pod);
    expect(await readFile(join(path, "token"), "utf8")).toBe(first);
    const due = volumes.nextRefresh?.() ?? now;
    expect(due.getTime() - now.getTime()).toBeGreaterThan(40 * 60_000);
    now = due;
    await volumes.refresh(pod);
    const second = await readFile(join(path, "token"), "utf8");
    expect(second).not.toBe(first);
    for (const token of [first, second]) expect(await review(token)).toMatchObject({ authenticated: true });
    await node.kubectl(["delete", "pod", "renewed", "--force", "--grace-period=0"]);
  });

  test("has a token for another audience and for one user only", async () => {
    const sources = [{ serviceAccountToken: { path: "t", audience: "vault", expirationSeconds: 600 } }];
    const spec = {
      automountServiceAccountToken: false,
      securityContext: { runAsUser: 1000 },
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: "v", projected: { sources } }],
    };
    await node.create(podOf("audience", [exerciser([STAY])], spec));
    const pod = await runs("audience");
    expect(await review(await fileOf(pod, "projected", "v", "t"), ["vault"])).toMatchObject({
      authenticated: true,
      audiences: ["vault"],
    });
    const path = join(node.root, "pods", pod.metadata?.uid ?? "", "volumes/kubernetes.io~projected/v/t");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await node.kubectl(["delete", "pod", "audience"]);
  });

  test("that is claimed is the PersistentVolume's directory, and what a pod wrote stays for the next one", async () => {
    const path = join(node.root, "..", "disk");
    await mkdir(path);
    const accessModes = ["ReadWriteOnce"];
    const storage = { storage: "1Mi" };
    const volumeName = `pv-${node.namespace}`;
    await node.create(
      {
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name: volumeName },
        spec: {
          capacity: storage,
          accessModes,
          hostPath: { path },
          storageClassName: "",
          claimRef: { namespace: node.namespace, name: "data" },
        },
      },
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "data" },
        spec: { accessModes, resources: { requests: storage }, storageClassName: "", volumeName },
      },
    );
    const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "data" } }];
    const volumeMounts = [{ name: "v", mountPath: "/v" }];
    await node.create(
      podOf("writes", [exerciser(["write(lit:kept)to(file:/v/f)"], { volumeMounts })], { volumes }),
    );
    expect(await endOf("writes")).toBe("Succeeded");
    const args = ["read(file:/v/f)to(var:f)", "assert_value(var:f)is(lit:kept)"];
    await node.create(podOf("reads", [exerciser(args, { volumeMounts })], { volumes }));
    expect(await endOf("reads")).toBe("Succeeded");
    await node.kubectl(["delete", "pods/writes", "pods/reads", "pvc/data", `pv/${volumeName}`]);
  });
});

describe("variables of Services", () => {
  test("are there for those of the namespace and for the API server, or for that alone", async () => {
    const ports = [{ name: "http", port: 8080 }];
    await node.create(
      { apiVersion: "v1", kind: "Service", metadata: { name: "my-web" }, spec: { ports } },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "headless" },
        spec: { ports, clusterIP: "None" },
      },
    );
    const address = await node.kubectl(["get", "service", "my-web", "--output=jsonpath={.spec.clusterIP}"]);
    const all = [
      `assert_value(env:MY_WEB_SERVICE_HOST)is(lit:${address})`,
      "assert_value(env:MY_WEB_SERVICE_PORT_HTTP)is(lit:8080)",
      `assert_value(env:MY_WEB_PORT_8080_TCP)is(lit:tcp://${address}:8080)`,
      "assert_value(env:KUBERNETES_SERVICE_PORT)is(lit:443)",
      "assert_not_exists(env:HEADLESS_SERVICE_HOST)",
      `assert_value(env:URL)is(lit:http://${address})`,
    ];
    const env = [{ name: "URL", value: "http://$(MY_WEB_SERVICE_HOST)" }];
    const few = ["assert_not_exists(env:MY_WEB_SERVICE_HOST)", "assert_exists(env:KUBERNETES_SERVICE_HOST)"];
    await node.create(
      podOf("linked", [exerciser(all, { env })]),
      podOf("unlinked", [exerciser(few)], { enableServiceLinks: false }),
    );
    expect(await endOf("linked")).toBe("Succeeded");
    expect(await endOf("unlinked")).toBe("Succeeded");
  });
});

describe("pull secrets", () => {
  test("that are not there are told, and the pull goes on", async () => {
    const imagePullSecrets = [{ name: "nobody" }];
    await node.create(podOf("secretless", [exerciser([])], { imagePullSecrets }));
    expect(await endOf("secretless")).toBe("Succeeded");
    await expect
      .poll(() => eventsOf("secretless", "FailedToRetrieveImagePullSecret"), soon)
      .toEqual([
        "Unable to retrieve some image pull secrets (nobody); attempting to pull the image may not succeed.",
      ]);
  });
});

/** What the API server says of a token. */
async function review(token: string, audiences?: readonly string[]): Promise<unknown> {
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenReview",
    spec: { token, audiences },
  };
  const stdin = JSON.stringify(request);
  return JSON.parse(await node.kubectl(["create", "-f", "-", "--output=jsonpath={.status}"], { stdin }));
}
