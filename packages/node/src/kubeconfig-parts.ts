import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { KrustletError } from "@krustlet/interface";
import { parse, stringify } from "yaml";

/** What the current context of a kubeconfig names, as far as a node's certificate is concerned. */
export interface KubeconfigParts {
  /** `server`, `certificate-authority-data` …; relative paths in it have been made absolute. */
  readonly cluster: Readonly<Record<string, unknown>>;
  /** `token`, `client-certificate` …; likewise. */
  readonly user: Readonly<Record<string, unknown>>;
}

const PATHS: ReadonlySet<string> = new Set([
  "certificate-authority",
  "client-certificate",
  "client-key",
  "tokenFile",
]);

/**
 * The cluster and the user of a kubeconfig file's current context; undefined where there is no such file.
 *
 * @throws KrustletError `InvalidObject` where it cannot be read, or is no kubeconfig, naming what it lacks.
 */
export async function readKubeconfigParts(path: string): Promise<KubeconfigParts | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw invalid(path, `cannot be read: ${whyUnread(error)}`, error);
  }
  const config = fieldsOf(parsed(path, text));
  const name = config["current-context"];
  if (typeof name !== "string" || name === "") throw invalid(path, "has no current-context");
  const context = fieldsOf(named(path, config["contexts"], "context", name)["context"]);
  const { cluster, user } = context;
  if (typeof cluster !== "string") throw invalid(path, `has no cluster in its context ${name}`);
  if (typeof user !== "string") throw invalid(path, `has no user in its context ${name}`);
  const parts = {
    cluster: fieldsOf(named(path, config["clusters"], "cluster", cluster)["cluster"]),
    user: fieldsOf(named(path, config["users"], "user", user)["user"]),
  };
  if (typeof parts.cluster["server"] !== "string")
    throw invalid(path, `has no server in its cluster ${cluster}`);
  const directory = dirname(resolve(path));
  return { cluster: absolute(parts.cluster, directory), user: absolute(parts.user, directory) };
}

/** Pure: a kubeconfig, YAML, for one cluster and one user. */
export function buildKubeconfig({ cluster, user }: KubeconfigParts): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "default-cluster", cluster }],
    users: [{ name: "default-auth", user }],
    contexts: [{ name: "default-context", context: { cluster: "default-cluster", user: "default-auth" } }],
    "current-context": "default-context",
  });
}

function parsed(path: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100, logLevel: "error" });
  } catch (cause) {
    throw new KrustletError("InvalidObject", `The kubeconfig ${path} is no YAML.`, { cause });
  }
}

function named(path: string, list: unknown, kind: string, name: string): Readonly<Record<string, unknown>> {
  const entries = Array.isArray(list) ? list.map(fieldsOf) : [];
  const found = entries.find((entry) => entry["name"] === name);
  if (found === undefined) throw invalid(path, `has no ${kind} named ${name}`);
  return found;
}

function absolute(fields: Readonly<Record<string, unknown>>, directory: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      PATHS.has(key) && typeof value === "string" && value !== "" ? resolve(directory, value) : value,
    ]),
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function whyUnread(error: unknown): string {
  const code = codeOf(error);
  if (code === "EISDIR") return "it is a directory";
  if (code === "EACCES") return "this user may not read it";
  return error instanceof Error ? error.message : String(error);
}

function invalid(path: string, what: string, cause?: unknown): KrustletError {
  return new KrustletError("InvalidObject", `The kubeconfig ${path} ${what}.`, { cause });
}
