import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";

import type { CommandContext } from "../command.ts";
import { nodeConfigOf } from "../config/node-config-of.ts";
import { OTHER_FLAGS, warningsOfOtherFlags } from "../config/kubelet-flags.ts";
import { readConfigFile } from "../config/read-config-file.ts";
import { SETTINGS } from "../config/settings.ts";
import type { NodeConfig } from "../config/settings.ts";
import { reasonOf } from "../run-options.ts";

/** The settings that a command line leads to, and what its author should know of them. */
export interface ReadNodeConfig {
  readonly config: NodeConfig;
  readonly warnings: readonly string[];
}

/**
 * The settings of `krustlet node`: its flags, its environment and the file that they name.
 * @throws KrustletError `InvalidUsage`, `InvalidManifest`, `InvalidField`, `UnsupportedField`, naming the place.
 */
export async function readNodeConfig({ line, host, root }: CommandContext): Promise<ReadNodeConfig> {
  const names = [...Object.values(SETTINGS).flatMap(({ flags }) => [...flags]), ...Object.keys(OTHER_FLAGS)];
  const flags = Object.fromEntries(names.map((name) => [name, line.text(name)]));
  const ofFlags = warningsOfOtherFlags(flags);
  const sources = { flags, env: host.env, cwd: host.cwd, hostname: hostname(), root };
  const given = line.text("config");
  // Where the root is given, its default file is there.
  const before = nodeConfigOf(sources);
  const path = given === undefined ? join(before.root, "config", "config.json") : resolve(host.cwd, given);
  const text = await readText(path, given);
  if (text === undefined) return { config: before, warnings: ofFlags };
  const file = readConfigFile(text, given ?? path);
  const config = nodeConfigOf({ ...sources, file, fileDirectory: dirname(path) });
  return { config, warnings: [...ofFlags, ...file.warnings] };
}

/** A file that nobody has named need not be there. */
async function readText(path: string, given: string | undefined): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (missing && given === undefined) return undefined;
    throw new KrustletError("InvalidUsage", `--config ${given ?? path} cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}
