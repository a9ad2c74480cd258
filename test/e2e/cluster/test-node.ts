import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Node, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import type { Cluster, ClusterNode, KubectlOptions } from "@krustlet/control-plane";
import { createNode } from "@krustlet/control-plane";
import type { Kube } from "@krustlet/kube";
import { openKube, pathOf } from "@krustlet/kube";
import { krustletCommand } from "../krustlet.ts";
import type { PodWatch } from "./pod-watch.ts";
import { watchPods } from "./pod-watch.ts";

/** A krustlet node that has joined, and a namespace whose pods all go to it. Disposing takes all of it down. */
export interface TestNode extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly name: string;
  readonly namespace: string;
  /** All that is its own, and the kubeconfig that it made of a bootstrap token. */
  readonly directory: string;
  /** What is kept beneath `--root`. */
  readonly root: string;
  readonly process: ClusterNode["process"];
  readonly port: number;
  /** All states of the namespace's pods. */
  readonly pods: PodWatch;
  /** The API server, asked as its administrator: for what kubectl, at five calls a second, would take long for. */
  readonly kube: Kube;
  /** Creates pods and other objects of the namespace, the pods last; pods go to this node. */
  create(...objects: readonly object[]): Promise<void>;
  /** kubectl, in the namespace; what it printed. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** The Node object. */
  object(): Promise<V1Node>;
  /** What the process has said so far. */
  log(): Promise<string>;
}

/** Options of {@link joinNode}. */
export interface TestNodeOptions {
  /** Where the node finds the API server. Default: the API server itself. */
  readonly server?: string;
  /** A kubeconfig with a bootstrap token, by which it joins; the node makes its own. Default: it has one already. */
  readonly bootstrap?: string;
  /** Default: memory alone, so that tests pass on a machine whose disk is nearly full. */
  readonly evictionHard?: string;
  readonly args?: readonly string[];
  /** Where everything of it is kept. Default: a directory of its own. */
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the built krustlet as a node, and resolves once the API server says that it is ready. */
export async function joinNode(cluster: Cluster, options: TestNodeOptions = {}): Promise<TestNode> {
  const name = `n-${randomBytes(4).toString("hex")}`;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "krustlet-node-")));
  const own = join(directory, "kubeconfig");
  const namespace = await createNamespace(cluster, name);
  const at = options.server === undefined ? {} : { server: options.server };
  const node = await createNode(cluster, {
    command: krustletCommand,
    name,
    directory,
    kubeconfig: options.bootstrap === undefined ? await cluster.nodeKubeconfig(name, at) : own,
    ...(options.bootstrap === undefined ? {} : { bootstrap: options.bootstrap }),
    args: ["--x-allow-local-modules", ...(options.args ?? [])],
    ...(options.evictionHard === undefined ? {} : { evictionHard: options.evictionHard }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  const pods = watchPods(cluster, namespace);
  const kube = await openKube({ kubeconfig: cluster.adminKubeconfig, callTimeoutMs: 60_000 });
  const kubectl: TestNode["kubectl"] = (args, more) =>
    cluster.kubectlOutput([`--namespace=${namespace}`, ...args], more);
  const dispose = async (): Promise<void> => {
    await node.process.kill();
    await pods[Symbol.asyncDispose]();
    await kube.close();
    await cluster.kubectl([
      "delete",
      "pods",
      "--all",
      `--namespace=${namespace}`,
      "--force",
      "--grace-period=0",
    ]);
    await cluster.kubectl(["delete", `node/${name}`, `namespace/${namespace}`, "--wait=false"]);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await node.process.start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    cluster,
    name,
    namespace,
    directory,
    root: join(directory, "root"),
    process: node.process,
    port: node.port,
    pods,
    kubectl,
    kube,
    create: async (...objects) => {
      const items = objects.filter((object) => !isPod(object));
      const stdin = JSON.stringify({ apiVersion: "v1", kind: "List", items });
      if (items.length > 0) await kubectl(["create", "-f", "-"], { stdin });
      const path = pathOf("api", "v1", "namespaces", namespace, "pods");
      for (const pod of objects.filter(isPod))
        await kube.request({ method: "POST", path, body: placed(pod, name) });
    },
    object: async () => JSON.parse(await kubectl(["get", `node/${name}`, "--output=json"])) as V1Node,
    log: () => readFile(node.process.log, "utf8"),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Creates a namespace and waits for what its pods need. */
async function createNamespace(cluster: Cluster, name: string): Promise<string> {
  const namespace = `ns-${name}`;
  await cluster.kubectlOutput(["create", "namespace", namespace]);
  const wait = ["wait", `--namespace=${namespace}`, "--for=create", "--timeout=30s"];
  await cluster.kubectlOutput([...wait, "serviceaccount/default", "configmap/kube-root-ca.crt"]);
  return namespace;
}

function isPod(object: object): object is V1Pod {
  return "kind" in object && object.kind === "Pod";
}

/** The pod as the scheduler gives it to this node alone, taints or not. */
function placed(pod: V1Pod, node: string): object {
  const spec: Partial<V1PodSpec> = pod.spec ?? {};
  return {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    metadata: pod.metadata,
    spec: {
      ...spec,
      nodeSelector: { "kubernetes.io/hostname": node, ...spec.nodeSelector },
      tolerations: spec.tolerations ?? [
        { key: "kubernetes.io/arch", operator: "Equal", value: "wasm32-wasi" },
      ],
    },
  };
}
