import { isKrustletError, KrustletError } from "@krustlet/interface";
import { parseQuantity } from "@krustlet/quantity";

/** One `-v`. */
export interface VolumeOption {
  /** As written; relative to the working directory. */
  readonly host: string;
  readonly guest: string;
  readonly readOnly: boolean;
}

/** One `-p`. */
export interface PublishOption {
  readonly ip?: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** All of the `-v`. @throws KrustletError `InvalidUsage`, also for two of them at one place. */
export function parseVolumes(texts: readonly string[]): readonly VolumeOption[] {
  const taken = new Set<string>();
  return texts.map((text) => {
    const volume = parseVolume(text);
    const place = volume.guest.split("/").filter(Boolean).join("/");
    if (taken.has(place)) throw usage(`-v "${text}": there is another -v at ${volume.guest}`);
    taken.add(place);
    return volume;
  });
}

/** `host:guest[:ro|rw]`. @throws KrustletError `InvalidUsage`. */
export function parseVolume(text: string): VolumeOption {
  const parts = text.split(":");
  const mode = parts.length > 2 ? parts.pop() : "rw";
  const guest = parts.pop() ?? "";
  const host = parts.join(":");
  if (host === "" || !guest.startsWith("/") || (mode !== "ro" && mode !== "rw")) {
    throw usage(`-v "${text}" is not host:guest or host:guest:ro with an absolute guest path`);
  }
  if (guest.split("/").includes("..")) throw usage(`-v "${text}": the guest path must not contain ".."`);
  return { host, guest, readOnly: mode === "ro" };
}

/** `[ip:]host:guest` or one port for both. @throws KrustletError `InvalidUsage`. */
export function parsePublish(text: string): PublishOption {
  const match =
    /^(?:(?<ip>\[[0-9a-fA-F:.]+\]|\d+(?:\.\d+){3}):)?(?:(?<host>\d+):)?(?<guest>\d+)(?:\/tcp)?$/u.exec(text);
  const groups = match?.groups ?? {};
  const containerPort = Number(groups["guest"]);
  const hostPort = Number(groups["host"] ?? groups["guest"]);
  if (match === null || !isPort(containerPort) || !isPort(hostPort)) {
    throw usage(`-p "${text}" is not [ip:]host:guest with ports of 1 to 65535`);
  }
  return { ip: groups["ip"]?.replace(/^\[(.*)\]$/u, "$1"), hostPort, containerPort };
}

/** `K=V`, or `K` for the variable of krustlet's own environment, if it has one. @throws KrustletError `InvalidUsage`. */
export function parseEnv(
  text: string,
  own: Readonly<Record<string, string | undefined>>,
): readonly [string, string] | undefined {
  const equals = text.indexOf("=");
  const name = equals === -1 ? text : text.slice(0, equals);
  if (name === "") throw usage(`-e "${text}" has no name before the "="`);
  if (text.includes("\0")) throw usage(`-e "${name}" holds a NUL character`);
  const value = equals === -1 ? own[name] : text.slice(equals + 1);
  return value === undefined ? undefined : [name, value];
}

/**
 * The entries of the `--env-file` at `path`: one `K=V` or `K` a line; empty lines and those that begin with `#` are
 * skipped. As docker has it, there are no quotes, and nothing like `export`.
 * @throws KrustletError `InvalidUsage`, which names file and line.
 */
export function parseEnvFile(
  content: Uint8Array,
  path: string,
  own: Readonly<Record<string, string | undefined>>,
): readonly (readonly [string, string])[] {
  const entries: (readonly [string, string])[] = [];
  for (const [index, line] of utf8Of(content, path).split(/\r?\n/u).entries()) {
    const entry = line.trimStart();
    if (entry === "" || entry.startsWith("#")) continue;
    const place = `--env-file ${path}, line ${index + 1}`;
    const [name = ""] = entry.split("=", 1);
    if (name === "") throw usage(`${place}: there is no name before the "="`);
    if (entry.includes("\0")) throw usage(`${place}: there is a NUL character in it`);
    if (/\s/u.test(name)) throw usage(`${place}: the name "${name}" has a space in it`);
    const known = parseEnv(entry, own);
    if (known !== undefined) entries.push(known);
  }
  return entries;
}

function utf8Of(content: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    throw new KrustletError("InvalidUsage", `--env-file ${path} is not UTF-8 text`, { cause });
  }
}

const BINARY_UNITS: Readonly<Record<string, string>> = { b: "", k: "Ki", m: "Mi", g: "Gi" };

/** docker's `64m` (which is 64 MiB), or a quantity such as `64Mi`. @throws KrustletError `InvalidUsage`. */
export function parseMemory(text: string): string {
  const docker = /^(\d+)([bkmg])b?$/iu.exec(text);
  const unit = docker?.[2]?.toLowerCase();
  return quantity(
    "--memory",
    docker === null || unit === undefined ? text : `${docker[1]}${BINARY_UNITS[unit]}`,
  );
}

/** A name that a pod and its container may have. @throws KrustletError `InvalidUsage`. */
export function parseName(text: string): string {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/u.test(text)) return text;
  throw usage(
    `--name "${text}" is not at most 63 lower-case letters, digits and "-", with a letter or digit at both ends`,
  );
}

/** Cores: `0.5`, or a quantity such as `500m`. @throws KrustletError `InvalidUsage`. */
export function parseCpus(text: string): string {
  return quantity("--cpus", text);
}

function quantity(option: string, text: string): string {
  try {
    if (parseQuantity(text).nano < 0n) throw usage(`${option} "${text}" is less than nothing`);
  } catch (cause) {
    if (isKrustletError(cause) && cause.code === "InvalidUsage") throw cause;
    throw new KrustletError("InvalidUsage", `${option} "${text}" is no amount, such as 64m, 1g or 500m`, {
      cause,
    });
  }
  return text;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function usage(message: string): KrustletError {
  return new KrustletError("InvalidUsage", message);
}
