import { isAbsolute, resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";

import { foundIn } from "./read-config-file.ts";
import type { ConfigFile } from "./read-config-file.ts";
import { SETTINGS } from "./settings.ts";
import type { NodeConfig, SettingName } from "./settings.ts";
import type { Setting, Surroundings } from "./setting.ts";

/** What {@link nodeConfigOf} decides from. */
export interface NodeConfigSources extends Surroundings {
  /** The values of flags by their names, without the dashes. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: ConfigFile;
  /** What paths on the command line and in the environment start from. */
  readonly cwd: string;
  /** What paths in the file start from. */
  readonly fileDirectory?: string;
}

/** What was found of a setting, and what a path in it starts from. */
interface Found {
  readonly value: unknown;
  readonly base: string;
}

/**
 * Pure: the settings of a node. A flag comes before a variable, that before the file, that before the default; lists
 * and maps are replaced, not merged.
 * @throws KrustletError `InvalidUsage` for a flag or a variable, `InvalidField` for a field of the file, naming it.
 */
export function nodeConfigOf(sources: NodeConfigSources): NodeConfig {
  // The defaults of paths depend on the root, which may be given itself.
  const root = String(valueOf("root", sources, sources));
  // As for the kubelet: the name that is given instead of the machine's is the Node's and the host's.
  const hostname = sources.flags["hostname-override"] ?? sources.hostname;
  const surroundings = { hostname, root };
  const names = Object.keys(SETTINGS) as SettingName[];
  const entries = names.map((name) => [name, valueOf(name, sources, surroundings)] as const);
  const config = Object.fromEntries(entries) as unknown as NodeConfig;
  checkTogether(config);
  return config;
}

function valueOf(name: SettingName, sources: NodeConfigSources, surroundings: Surroundings): unknown {
  const setting = SETTINGS[name] as Setting<unknown>;
  const found = ofFlags(setting, sources) ?? ofEnv(name, setting, sources) ?? ofFile(setting, sources);
  const { fallback } = setting;
  const byDefault = (): unknown =>
    typeof fallback === "function" ? (fallback as (given: Surroundings) => unknown)(surroundings) : fallback;
  const { value, base } = found ?? { value: byDefault(), base: sources.cwd };
  const isPath = setting.kind.isPath === true && typeof value === "string" && value !== "";
  return isPath && !isAbsolute(value) ? resolve(base, value) : value;
}

function ofFlags(setting: Setting<unknown>, { flags, cwd }: NodeConfigSources): Found | undefined {
  const given = setting.flags.flatMap((flag) => {
    const text = flags[flag];
    return text === undefined ? [] : [{ flag, text }];
  });
  const [first, second] = given;
  if (first === undefined) return undefined;
  if (second !== undefined && second.text !== first.text) {
    throw usage(`--${first.flag} and --${second.flag} are one setting; give one of them`);
  }
  return { value: parsed(setting, first.text, `--${first.flag}`), base: cwd };
}

function ofEnv(
  name: SettingName,
  setting: Setting<unknown>,
  { env, cwd }: NodeConfigSources,
): Found | undefined {
  for (const variable of setting.env ?? []) {
    const text = env[variable];
    if (text === undefined || text === "") continue;
    // kubectl's KUBECONFIG may be a list of files; a node has one.
    const one = name === "kubeconfig" ? (text.split(":").find((path) => path !== "") ?? text) : text;
    return { value: parsed(setting, one, `$${variable}`), base: cwd };
  }
  return undefined;
}

function ofFile(
  setting: Setting<unknown>,
  { file, fileDirectory, cwd }: NodeConfigSources,
): Found | undefined {
  const found = file === undefined ? undefined : foundIn(file, setting);
  if (file === undefined || found === undefined) return undefined;
  try {
    return { value: setting.kind.read(found.value), base: fileDirectory ?? cwd };
  } catch (cause) {
    const shown = typeof found.value === "object" ? "" : `${JSON.stringify(found.value)} `;
    throw file.errorAt(found.path, `${shown}${messageOf(cause)}`);
  }
}

function parsed(setting: Setting<unknown>, text: string, where: string): unknown {
  try {
    return setting.kind.parse(text);
  } catch (cause) {
    throw usage(`${where} ${JSON.stringify(text)} ${messageOf(cause)}`, cause);
  }
}

/** What no setting can tell alone. */
function checkTogether(config: NodeConfig): void {
  if ((config.tlsCertFile === "") !== (config.tlsPrivateKeyFile === "")) {
    throw usage("--tls-cert-file and --tls-private-key-file need each other; one of them is not given");
  }
  if (config.imageGCLowThresholdPercent >= config.imageGCHighThresholdPercent) {
    const { imageGCLowThresholdPercent: low, imageGCHighThresholdPercent: high } = config;
    throw usage(`--image-gc-low-threshold ${low} is not below --image-gc-high-threshold ${high}`);
  }
  const timeless = Object.keys(config.evictionSoft).find(
    (signal) => config.evictionSoftGracePeriod[signal] === undefined,
  );
  if (timeless !== undefined) {
    throw usage(`evictionSoft has a threshold of ${timeless}, and evictionSoftGracePeriod no time for it`);
  }
  if (config.shutdownGracePeriodCriticalPods > config.shutdownGracePeriod) {
    throw usage("shutdownGracePeriodCriticalPods is longer than shutdownGracePeriod, of which it is a part");
  }
  if (config.shutdownGracePeriod > 0 && config.shutdownGracePeriodByPodPriority.length > 0) {
    throw usage("shutdownGracePeriod and shutdownGracePeriodByPodPriority are one setting; give one of them");
  }
}

function usage(message: string, cause?: unknown): KrustletError {
  return new KrustletError("InvalidUsage", message, { cause });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
