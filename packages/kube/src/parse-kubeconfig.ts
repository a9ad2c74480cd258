import { dirname, isAbsolute, join, resolve } from "node:path";
import { KrustletError } from "@krustlet/interface";
import { messageOf } from "./connection-error.ts";

/** A kubeconfig as its YAML says; nothing of it is certain. */
interface KubeconfigDocument {
  readonly "current-context"?: string;
  readonly contexts?: readonly { readonly name?: string; readonly context?: ContextEntry }[];
  readonly clusters?: readonly { readonly name?: string; readonly cluster?: ClusterEntry }[];
  readonly users?: readonly { readonly name?: string; readonly user?: UserEntry }[];
}

interface ContextEntry {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

interface ClusterEntry {
  readonly server?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "certificate-authority-data"?: string;
  readonly "certificate-authority"?: string;
  readonly "proxy-url"?: string;
  readonly "tls-server-name"?: string;
}

interface ExecEntry {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly provideClusterInfo?: boolean;
}

interface UserEntry {
  readonly tokenFile?: string;
  readonly exec?: ExecEntry;
  readonly [field: string]: unknown;
}

/** The current context of a kubeconfig, checked. */
export interface CurrentContext {
  readonly server: URL;
  readonly proxy: string | undefined;
  readonly userName: string;
  /** A kubeconfig of this context alone, for the client's own loader. */
  readonly document: KubeconfigDocument;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Pure: the current context of a kubeconfig. Whatever the client's loader does not know is put in its terms: `tokenFile`,
 * paths relative to the kubeconfig, `KUBERNETES_EXEC_INFO` for credential plugins.
 *
 * @param source - what sentences call it, `kubeconfig <path>`
 * @param directory - where relative paths begin
 * @throws KrustletError `InvalidKubeconfig`
 */
export function parseKubeconfig(document: unknown, source: string, directory: string): CurrentContext {
  const refuse = (what: string): KrustletError =>
    new KrustletError("InvalidKubeconfig", `The ${source} ${what}.`);
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw refuse("is no kubeconfig: it is not a map");
  }
  const config = document as KubeconfigDocument & { readonly kind?: unknown };
  if (config.kind !== undefined && config.kind !== "Config") {
    throw refuse(`is no kubeconfig: its kind is ${JSON.stringify(config.kind)}`);
  }
  const contextName = config["current-context"];
  if (typeof contextName !== "string" || contextName === "") throw refuse("has no current-context");
  const context = entryOf(config.contexts, contextName)?.context;
  if (context == null) throw refuse(`has no context "${contextName}", which is its current-context`);
  const { cluster: clusterName, user: userName } = context;
  if (typeof clusterName !== "string") throw refuse(`names no cluster in its context "${contextName}"`);
  const cluster = entryOf(config.clusters, clusterName)?.cluster;
  if (cluster == null) throw refuse(`has no cluster "${clusterName}", which its context names`);
  const user = typeof userName === "string" ? entryOf(config.users, userName)?.user : {};
  if (user === undefined) throw refuse(`has no user "${userName}", whom its context names`);
  const server = serverOf(cluster.server);
  if (server === undefined) {
    throw refuse(
      `has no address of an API server in clusters "${clusterName}": server is ${quote(cluster.server)}`,
    );
  }
  if (server.protocol === "http:" && !LOOPBACK.test(server.hostname)) {
    throw refuse(`would send credentials without TLS: server is ${quote(cluster.server)}`);
  }
  return {
    server,
    proxy: cluster["proxy-url"],
    userName: userName ?? "",
    document: {
      "current-context": "current",
      contexts: [{ name: "current", context: { cluster: "cluster", user: "user" } }],
      clusters: [{ name: "cluster", cluster: clusterFor(server, cluster) }],
      users: [{ name: "user", user: userFor(user ?? {}, cluster, directory) }],
    },
  };
}

/** Pure: the directory where a kubeconfig's relative paths begin. */
export function directoryOf(path: string): string {
  return dirname(resolve(path));
}

/** Runs the client's YAML parser. @throws KrustletError `InvalidKubeconfig` */
export function readYaml(text: string, source: string, load: (text: string) => unknown): unknown {
  try {
    return load(text);
  } catch (cause) {
    // The first line only: further ones quote the file, which holds secrets.
    throw new KrustletError("InvalidKubeconfig", `The ${source} is no YAML: ${messageOf(cause)}.`, { cause });
  }
}

function entryOf<T extends { readonly name?: string }>(
  entries: readonly T[] | undefined,
  name: string,
): T | undefined {
  return Array.isArray(entries) ? (entries as readonly T[]).find((entry) => entry?.name === name) : undefined;
}

function serverOf(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
}

function clusterFor(server: URL, cluster: ClusterEntry): ClusterEntry {
  // The client wants this said of plain HTTP, which is loopback's here.
  return server.protocol === "http:" ? { ...cluster, "insecure-skip-tls-verify": true } : cluster;
}

function userFor(user: UserEntry, cluster: ClusterEntry, directory: string): UserEntry {
  const { tokenFile, exec, ...rest } = user;
  if (typeof tokenFile === "string" && rest["token"] === undefined) {
    const path = isAbsolute(tokenFile) ? tokenFile : join(directory, tokenFile);
    return { ...rest, "auth-provider": { name: "tokenFile", config: { tokenFile: path } } };
  }
  return exec == null ? rest : { ...rest, exec: execFor(exec, cluster, directory) };
}

function execFor(exec: ExecEntry, cluster: ClusterEntry, directory: string): ExecEntry {
  const { command = "" } = exec;
  const spec = { interactive: false, ...(exec.provideClusterInfo === true && { cluster: { ...cluster } }) };
  const info = JSON.stringify({ kind: "ExecCredential", apiVersion: exec.apiVersion, spec });
  return {
    ...exec,
    command: command.includes("/") && !isAbsolute(command) ? join(directory, command) : command,
    env: [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value: info }],
  };
}

function quote(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
