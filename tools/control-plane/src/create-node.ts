import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { env } from "node:process";
import type { Component } from "./components/component.ts";
import { createComponent } from "./components/component.ts";
import { freePorts } from "./components/free-ports.ts";
import type { Cluster } from "./open-cluster.ts";
import { clusterFilesOf } from "./pki/cluster-files.ts";

/** The thresholds of a kubelet that is told none. */
export const KUBELET_EVICTION_HARD =
  "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%";

/** What a node is started with. */
export interface NodeInit {
  /** The command `krustlet`. */
  readonly command: string;
  readonly name: string;
  /** Everything that it keeps lies beneath it. The same directory is the same node, after a restart too. */
  readonly directory: string;
  /** A node's kubeconfig; with `bootstrap` the file that the node makes. */
  readonly kubeconfig: string;
  /** A kubeconfig with a bootstrap token, by which it joins. */
  readonly bootstrap?: string;
  /**
   * Default: memory alone. How full this machine's disk is does not decide whether its pods run; the kubelet's own
   * thresholds are {@link KUBELET_EVICTION_HARD}.
   */
  readonly evictionHard?: string;
  /** More arguments of `krustlet node`. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A krustlet node on loopback. */
export interface ClusterNode {
  readonly name: string;
  /** It has started when its Node is ready. */
  readonly process: Component;
  /** The port of its HTTPS API, on loopback. */
  readonly port: number;
}

/** A node of a cluster on loopback, with ports of its own, that does not run yet. It dies with this process. */
export async function createNode(cluster: Cluster, init: NodeInit): Promise<ClusterNode> {
  const { name, directory } = init;
  const [port = 0, healthzPort = 0] = await freePorts(2);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const process = createComponent({
    name: `krustlet node ${name}`,
    program: init.command,
    args: [
      "node",
      `--node-name=${name}`,
      `--hostname=${name}`,
      `--kubeconfig=${init.kubeconfig}`,
      ...(init.bootstrap === undefined ? [] : [`--bootstrap-kubeconfig=${init.bootstrap}`]),
      `--root=${join(directory, "root")}`,
      "--node-ip=127.0.0.1",
      "--address=127.0.0.1",
      `--port=${port}`,
      `--healthz-port=${healthzPort}`,
      // Who may ask the node: the API server, and whoever else has a certificate of the cluster's.
      `--client-ca-file=${clusterFilesOf(cluster.address.directory).pki("ca.crt")}`,
      `--eviction-hard=${init.evictionHard ?? "memory.available<100Mi"}`,
      ...(init.args ?? []),
    ],
    directory,
    log: join(directory, "node.log"),
    ready: (since) => readinessOf(cluster, name, since),
    // Nothing of the user's own configuration counts.
    environment: { PATH: env["PATH"], HOME: directory, ...init.environment },
  });
  return { name, process, port };
}

/** Ready is a node whose Node says so and whose Lease was renewed since its process began. */
async function readinessOf(cluster: Cluster, name: string, since: number): Promise<true | string> {
  const look = ["get", `node/${name}`, `lease/${name}`, "--namespace=kube-node-lease", "--output=json"];
  const { code, stdout, stderr } = await cluster.kubectl(look);
  if (code !== 0) return stderr.trimEnd();
  const { items } = JSON.parse(stdout) as { items: [NodeStatus, { spec?: { renewTime?: string } }] };
  const [node, lease] = items;
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True")
    return `its condition Ready is ${ready?.status ?? "not there"}: ${ready?.message}`;
  return Date.parse(lease.spec?.renewTime ?? "") >= since || "its Lease was not renewed";
}

/** What is read of a Node. */
interface NodeStatus {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}
