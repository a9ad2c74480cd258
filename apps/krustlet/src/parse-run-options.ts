import { KrustletError } from "@krustlet/interface";
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
  if (name === "" || name.includes("\0")) throw usage(`-e "${text}" has no name before the "="`);
  const value = equals === -1 ? own[name] : text.slice(equals + 1);
  return value === undefined ? undefined : [name, value];
}

/** The entries of an `--env-file`: one `K=V` or `K` a line; empty lines and those that begin with `#` are skipped. */
export function parseEnvFile(
  text: string,
  own: Readonly<Record<string, string | undefined>>,
): readonly (readonly [string, string])[] {
  return text
    .split(/\r?\n/u)
    .filter((line) => line.trim() !== "" && !line.trimStart().startsWith("#"))
    .flatMap((line) => {
      const entry = parseEnv(line.trimStart(), own);
      return entry === undefined ? [] : [entry];
    });
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

/** Cores: `0.5`, or a quantity such as `500m`. @throws KrustletError `InvalidUsage`. */
export function parseCpus(text: string): string {
  return quantity("--cpus", text);
}

function quantity(option: string, text: string): string {
  try {
    parseQuantity(text);
  } catch (cause) {
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
