import { execFileSync, spawn } from "node:child_process";
import { openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createNode } from "../../tools/control-plane/src/create-node.ts";
import type { Cluster } from "../../tools/control-plane/src/open-cluster.ts";
import { findPrograms } from "../../tools/control-plane/src/programs/find-programs.ts";
import { moduleOf } from "../module-of.ts";
import type { ApiClient } from "./api-client.ts";

/** A node that is measured. Disposing ends it. */
export interface MeasuredNode extends AsyncDisposable {
  readonly name: string;
  /** The process whose tree is the node, where it is one of this machine. */
  readonly pid?: number;
  /** What its pods run. */
  readonly container: { readonly image: string; readonly args: readonly string[] };
}

/** How a node is started, with room for `maxPods`. */
export type StartNode = (cluster: Cluster, api: ApiClient, maxPods: number) => Promise<MeasuredNode>;

const checkout = join(import.meta.dirname, "..", "..");
/** A guest that sleeps on. */
const SLEEP = { args: ["sleeper", "3600000"] };

/** The nodes that can be measured, by their names on the command line. */
export const NODES: Readonly<Record<string, StartNode>> = {
  async krustlet(cluster, _api, maxPods) {
    const name = "bench-krustlet";
    const node = await createNode(cluster, {
      command: join(checkout, "krustlet"),
      name,
      directory: join(cluster.address.directory, name),
      kubeconfig: await cluster.nodeKubeconfig(name),
      args: [`--max-pods=${maxPods}`, "--x-allow-local-modules"],
    });
    await node.process.start();
    return {
      name,
      pid: node.process.pid,
      container: { image: `fs/${moduleOf("guests/sleeper.c").path}`, args: SLEEP.args.slice(1) },
      [Symbol.asyncDispose]: () => node.process.kill(),
    };
  },

  /** Only writes status: how fast an API server lets any node be. */
  async kwok(cluster, api, maxPods) {
    const name = "bench-kwok";
    const { kwok } = await findPrograms(["kwok"], { report: (line) => process.stderr.write(`${line}\n`) });
    const amounts = { cpu: "1000", memory: "1Ti", "ephemeral-storage": "1Ti", pods: `${maxPods}` };
    await api.send("POST", "/api/v1/nodes", {
      metadata: {
        name,
        labels: { "kubernetes.io/hostname": name },
        annotations: { "kwok.x-k8s.io/node": "fake" },
      },
      status: { capacity: amounts, allocatable: amounts },
    });
    const log = openSync(join(cluster.address.directory, "logs", "kwok.log"), "a");
    const kubeconfig = `--kubeconfig=${cluster.adminKubeconfig}`;
    const own = [kubeconfig, `--manage-single-node=${name}`, "--node-lease-duration-seconds=40"];
    const args = [...own, ...kwokStages().map((file) => `--config=${file}`)];
    const child = spawn("setpriv", ["--pdeathsig", "KILL", kwok, ...args], {
      env: { HOME: cluster.address.directory },
      stdio: ["ignore", log, log],
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await cluster.kubectlOutput(["wait", `node/${name}`, "--for=condition=Ready", "--timeout=60s"]);
    return {
      name,
      pid: child.pid,
      container: { image: "example.com/sleeper:1", args: [] },
      [Symbol.asyncDispose]: async () => {
        child.kill("SIGKILL");
        await ended;
      },
    };
  },
};

/** What kwok's nodes and pods do: its own fastest stages, from its module. */
function kwokStages(): readonly string[] {
  const module = join(checkout, "tools", "control-plane", "go", "kwok");
  const go = ["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"];
  const directory = execFileSync("go", go, { cwd: module, encoding: "utf8" }).trim();
  return ["pod/fast", "node/fast", "node/heartbeat-with-lease"].flatMap((stages) => {
    const at = join(directory, "kustomize", "stage", stages);
    return readdirSync(at)
      .filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml")
      .map((file) => join(at, file));
  });
}
