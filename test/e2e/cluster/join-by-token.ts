import { join } from "node:path";
import type { Cluster } from "@krustlet/control-plane";
import { krustlet } from "../krustlet.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

/** What `krustlet bootstrap` and `krustlet node --bootstrap-kubeconfig` make of an administrator's kubeconfig. */
export async function joinByToken(cluster: Cluster, directory: string): Promise<TestNode> {
  const bootstrap = join(directory, "bootstrap.conf");
  const made = await krustlet(["bootstrap", "--kubeconfig", cluster.adminKubeconfig, "--file", bootstrap]);
  if (made.stdout !== `${bootstrap}\n`) throw new Error(`krustlet bootstrap: ${made.stdout}${made.stderr}`);
  return joinNode(cluster, { bootstrap });
}
