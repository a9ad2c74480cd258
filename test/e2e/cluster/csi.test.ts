/** Volumes of a CSI driver: the driver is one of the tests' own, on real sockets; everything else is real. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startCsiDriver } from "@krustlet/testkit";
import type { TestCsiDriver } from "@krustlet/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

const NAME = "mock.csi.krustlet.dev";
const SECONDS_TO_UNPUBLISH = 5;
const volume = `pv-${randomBytes(4).toString("hex")}`;
const storageClass = `class-${volume}`;
let node: TestNode;
let driver: TestCsiDriver;

beforeAll(async () => {
  node = await joinNode(await sharedCluster());
  const methods = {
    NodeGetInfo: () => ({
      node_id: `csi-${node.name}`,
      accessible_topology: { segments: { "topology.mock.csi.krustlet.dev/node": node.name } },
    }),
  };
  driver = await startCsiDriver({ name: NAME, registry: join(node.root, "plugins_registry"), methods });
  await node.create(
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: NAME },
      spec: {
        attachRequired: false,
        podInfoOnMount: true,
        volumeLifecycleModes: ["Persistent", "Ephemeral"],
      },
    },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: storageClass },
      provisioner: NAME,
      volumeBindingMode: "Immediate",
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "mock-csi" },
      stringData: { password: "swordfish" },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: volume },
      spec: {
        capacity: { storage: "1Mi" },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName: storageClass,
        claimRef: { namespace: node.namespace, name: "mock-pvc" },
        csi: {
          driver: NAME,
          volumeHandle: `${volume}/handle`,
          volumeAttributes: { flavour: "mint" },
          nodePublishSecretRef: { name: "mock-csi", namespace: node.namespace },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "mock-pvc" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: storageClass,
        resources: { requests: { storage: "1Mi" } },
      },
    },
  );
});

afterAll(async () => {
  await node.kubectl(["delete", `csidriver/${NAME}`, `storageclass/${storageClass}`, "--ignore-not-found"]);
  await node[Symbol.asyncDispose]();
  await node.cluster.kubectl(["delete", `pv/${volume}`, "--wait=false"]);
  await driver[Symbol.asyncDispose]();
});

/** A pod that writes to the claim, reads what it wrote and, where it says so, stays. */
const writer = (name: string, text: string, ...more: readonly string[]) =>
  podOf(
    name,
    [
      exerciser(
        [
          `write(lit:${text})to(file:/sgc/general.txt)`,
          "read(file:/sgc/general.txt)to(var:general)",
          "write(var:general)to(stm:stdout)",
          ...more,
        ],
        { volumeMounts: [{ name: "storage", mountPath: "/sgc" }] },
      ),
    ],
    { volumes: [{ name: "storage", persistentVolumeClaim: { claimName: "mock-pvc" } }] },
  );
const unpublished = (): number =>
  driver.changes().filter((method) => method === "NodeUnpublishVolume").length;
const written = (): Promise<string> =>
  readFile(join(driver.volumes, encodeURIComponent(`${volume}/handle`), "general.txt"), "utf8");

test("a driver's socket makes it one of the node: its CSINode and its labels tell", async () => {
  const read = ["get", `csinode/${node.name}`, "--ignore-not-found", "--output=json"];
  await expect.poll(() => node.kubectl(read), { timeout: 20_000 }).toContain(`csi-${node.name}`);
  const { metadata } = await node.object();
  expect(metadata?.labels?.["topology.mock.csi.krustlet.dev/node"]).toBe(node.name);
  const csiNode = JSON.parse(await node.kubectl(read)) as {
    readonly metadata: { readonly ownerReferences: readonly object[] };
  };
  expect(csiNode.metadata.ownerReferences).toMatchObject([{ kind: "Node", name: node.name }]);
});

test("a pod writes to a claim that the driver publishes, which is unpublished within seconds of its end", async () => {
  await node.create(writer("pvc", "hammond"));
  const pod = await node.pods.until("pvc", "Succeeded", inPhase("Succeeded"));
  expect(await node.kubectl(["logs", "pvc"])).toBe("hammond");
  const published = driver.calls.find(({ method }) => method === "NodePublishVolume")?.request;
  expect(published).toMatchObject({
    volume_id: `${volume}/handle`,
    target_path: join(
      node.root,
      "pods",
      pod.metadata?.uid ?? "",
      "volumes/kubernetes.io~csi",
      volume,
      "mount",
    ),
    readonly: false,
    secrets: { password: "swordfish" },
    volume_context: {
      flavour: "mint",
      "csi.storage.k8s.io/pod.name": "pvc",
      "csi.storage.k8s.io/pod.namespace": node.namespace,
    },
  });
  const begun = performance.now();
  await node.kubectl(["delete", "pod", "pvc"]);
  await expect.poll(unpublished, { timeout: 20_000 }).toBe(1);
  expect(performance.now() - begun).toBeLessThan(SECONDS_TO_UNPUBLISH * 1000);
  expect(await written()).toBe("hammond");
  expect(await node.log()).not.toContain("swordfish");
});

test("a volume of a pod that went while the node was killed is unpublished and unstaged by the next process", async () => {
  const before = driver.changes().length;
  await node.create(writer("killed", "o'neill\n", "sleep(600000)"));
  await node.pods.until("killed", "Running", inPhase("Running"));
  await expect.poll(() => node.kubectl(["logs", "killed"]), { timeout: 20_000 }).toBe("o'neill\n");
  await node.process.kill();
  await node.kubectl(["delete", "pod", "killed", "--force", "--grace-period=0"]);
  await node.process.start();
  await expect.poll(() => driver.changes().at(-1), { timeout: 30_000 }).toBe("NodeUnstageVolume");
  expect(driver.changes().length).toBeGreaterThan(before);
  expect(await written()).toBe("o'neill\n");
});

test("a pod has an inline volume of its own", async () => {
  await node.create(
    podOf(
      "inline",
      [
        exerciser(["write(lit:carter)to(file:/sgc/major.txt)", say("done")], {
          volumeMounts: [{ name: "storage", mountPath: "/sgc" }],
        }),
      ],
      { volumes: [{ name: "storage", csi: { driver: NAME } }] },
    ),
  );
  await node.pods.until("inline", "Succeeded", inPhase("Succeeded"));
  const published = driver.calls.findLast(({ method }) => method === "NodePublishVolume")?.request;
  expect(published).toMatchObject({ volume_context: { "csi.storage.k8s.io/ephemeral": "true" } });
});
