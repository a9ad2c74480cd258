import { access } from "node:fs/promises";
import { join } from "node:path";

import { DEFAULT_BOOTSTRAP_FILE } from "../config/settings/cluster-settings.ts";
import type { NodeConfig } from "../config/settings.ts";

/**
 * The path of the bootstrap kubeconfig: what the settings say; where they say nothing and their default is not there, the
 * one that `krustlet bootstrap` makes. A path that was given and is not there stands for no other: it may be mistyped, and
 * the other may lead to another cluster.
 */
export async function bootstrapFileOf(
  { bootstrapKubeconfig: path, root }: Pick<NodeConfig, "bootstrapKubeconfig" | "root">,
  isThere: (path: string) => Promise<boolean> = isFound,
): Promise<string> {
  if (path !== DEFAULT_BOOTSTRAP_FILE || (await isThere(path))) return path;
  const own = join(root, "config", "bootstrap.conf");
  return (await isThere(own)) ? own : path;
}

async function isFound(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
