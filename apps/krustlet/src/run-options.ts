import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";
import type { PullPolicy } from "@krustlet/interface";

import type { CommandContext } from "./command.ts";
import {
  parseCpus,
  parseEnv,
  parseEnvFile,
  parseMemory,
  parseName,
  parsePublish,
  parseVolumes,
} from "./parse-run-options.ts";
import type { PublishOption, VolumeOption } from "./parse-run-options.ts";

/** The options of `krustlet run`, checked. */
export interface RunOptions {
  readonly args: readonly string[] | undefined;
  /** In order; a later entry of a name wins. */
  readonly env: readonly (readonly [string, string])[];
  readonly volumes: readonly VolumeOption[];
  readonly ports: readonly PublishOption[];
  readonly network: "pod" | "host" | undefined;
  readonly name: string | undefined;
  readonly restartPolicy: "Never" | "OnFailure" | "Always" | undefined;
  readonly memory: string | undefined;
  readonly cpus: string | undefined;
  readonly runtime: string | undefined;
  readonly pullPolicy: PullPolicy | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

const RESTART_POLICIES = { no: "Never", "on-failure": "OnFailure", always: "Always" } as const;
const PULL_POLICIES = { always: "Always", missing: "IfNotPresent", never: "Never" } as const;

/** @throws KrustletError `InvalidUsage`, also for an `--env-file` that cannot be read. */
export async function readRunOptions({ line, host }: CommandContext): Promise<RunOptions> {
  const env = new Map<string, string>();
  for (const path of line.texts("env-file")) {
    const content = await readEnvFile(path, host.cwd);
    for (const [name, value] of parseEnvFile(content, path, host.env)) env.set(name, value);
  }
  for (const text of line.texts("env")) {
    const entry = parseEnv(text, host.env);
    if (entry !== undefined) env.set(...entry);
  }
  const network = line.text("network") as RunOptions["network"];
  const name = line.text("name");
  const memory = line.text("memory");
  const cpus = line.text("cpus");
  const restart = line.text("restart");
  const pull = line.text("pull");
  return {
    args: line.rest,
    env: [...env],
    volumes: parseVolumes(line.texts("volume")),
    ports: line.texts("publish").map((each) => publishIn(network, each)),
    network,
    name: name === undefined ? undefined : parseName(name),
    restartPolicy:
      restart === undefined ? undefined : RESTART_POLICIES[restart as keyof typeof RESTART_POLICIES],
    memory: memory === undefined ? undefined : parseMemory(memory),
    cpus: cpus === undefined ? undefined : parseCpus(cpus),
    runtime: line.text("runtime"),
    pullPolicy: pull === undefined ? undefined : PULL_POLICIES[pull as keyof typeof PULL_POLICIES],
    json: line.text("output") === "json",
    quiet: line.flag("quiet"),
  };
}

/** On this machine's own network a port has one number, as with `hostNetwork` in a Pod. */
function publishIn(network: RunOptions["network"], text: string): PublishOption {
  const option = parsePublish(text);
  if (network === "host" && option.hostPort !== option.containerPort) {
    throw new KrustletError(
      "InvalidUsage",
      `-p "${text}": with --network host the guest's ports are this machine's, so both numbers have to be the same`,
    );
  }
  return option;
}

async function readEnvFile(path: string, cwd: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(cwd, path));
  } catch (cause) {
    throw new KrustletError("InvalidUsage", `--env-file ${path} cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** What the system said, without what Node puts around it. */
export function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  switch (code) {
    case "ENOENT":
      return "there is no such file or directory";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOSPC":
      return "no space is left on the device";
    case "EISDIR":
      return "it is a directory";
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
