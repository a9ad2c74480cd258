import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Cluster } from "@krustlet/control-plane";

import { start, temporaryDirectory } from "../krustlet.ts";
import type { RunningCommand } from "../krustlet.ts";

/** A node of the cluster, as a process of its own. Disposing kills it and deletes its Node. */
export interface ClusterNode extends AsyncDisposable {
  readonly name: string;
  readonly command: RunningCommand;
  /** What is kept between two processes of one node. */
  readonly home: string;
  /** Ends the process, gracefully or not, and starts another one in its place. */
  restart(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** How to start a node. */
export interface StartNodeInit {
  readonly name: string;
  /** Default: one that the cluster makes for a node of this name. */
  readonly kubeconfig?: string;
  readonly args?: readonly string[];
}

/** Starts `krustlet node` and waits until its Node is Ready. */
export async function startNode(cluster: Cluster, init: StartNodeInit): Promise<ClusterNode> {
  const { name } = init;
  const directory = await temporaryDirectory();
  const kubeconfig = init.kubeconfig ?? (await cluster.nodeKubeconfig(name));
  const args = ["node", "--kubeconfig", kubeconfig, "--node-name", name, "--node-ip", "127.0.0.1"];
  const labels = ["--node-labels", `krustlet.dev/test-node=${name}`];
  const clientCa = join(directory.path, "client-ca.crt");
  await writeFile(clientCa, cluster.certificateAuthority);
  const own = [
    "--client-ca-file",
    clientCa,
    ...labels,
    "--port",
    "0",
    "--healthz-port",
    "0",
    "-v=4",
    ...(init.args ?? []),
  ];
  const run = (): Promise<RunningCommand> => start([...args, ...own], { home: directory.path });
  let command = await run();
  const waiting = [
    ["--for=create", "--timeout=60s"],
    ["--for=condition=Ready", "--timeout=60s"],
  ];
  for (const args of waiting) {
    const { code, stderr } = await cluster.kubectl(["wait", `node/${name}`, ...args]);
    if (code !== 0) throw new Error(`the Node ${name} is not Ready: ${stderr}\n${command.printed()}`);
  }
  return {
    name,
    get command() {
      return command;
    },
    home: directory.path,
    restart: async (signal) => {
      command.child.kill(signal);
      await command.finished;
      command = await run();
      await command.prints("is registered");
    },
    [Symbol.asyncDispose]: async () => {
      await command[Symbol.asyncDispose]();
      await cluster.kubectl(["delete", "node", name, "--ignore-not-found"]);
      await directory[Symbol.asyncDispose]();
    },
  };
}
