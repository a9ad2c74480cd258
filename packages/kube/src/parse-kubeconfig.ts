import { dirname, isAbsolute, join, resolve } from "node:path";
import { KrustletError } from "@krustlet/interface";

/** A kubeconfig as its YAML says; nothing of it is certain. */
interface KubeconfigDocument {
  readonly kind?: unknown;
  readonly "current-context"?: unknown;
  readonly contexts?: unknown;
  readonly clusters?: unknown;
  readonly users?: unknown;
}

/** What of a kubeconfig's cluster is read. */
interface ClusterEntry {
  readonly server?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "proxy-url"?: string;
  readonly "tls-server-name"?: string;
  readonly [field: string]: unknown;
}

interface ExecEntry {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly provideClusterInfo?: boolean;
}

/** What of a kubeconfig's user is read. */
interface UserEntry {
  readonly tokenFile?: string;
  readonly exec?: ExecEntry;
  readonly [field: string]: unknown;
}

/** The current context of a kubeconfig, checked, with absolute paths. */
export interface CurrentContext {
  readonly server: URL;
  readonly userName: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
/** Fields that are text, where they are anything. */
const CLUSTER_TEXT = ["certificate-authority", "certificate-authority-data", "proxy-url", "tls-server-name"];
const USER_TEXT = ["client-certificate", "client-certificate-data", "client-key", "client-key-data"].concat([
  "token",
  "tokenFile",
  "as",
]);
const CLUSTER_PATHS = ["certificate-authority"];
const USER_PATHS = ["client-certificate", "client-key", "tokenFile"];

/**
 * Pure: the current context of a kubeconfig, and `KUBERNETES_EXEC_INFO` for its credential plugin.
 *
 * @param source - what sentences call it, `kubeconfig <path>`
 * @param directory - where relative paths begin
 * @throws KrustletError `InvalidKubeconfig`
 */
export function parseKubeconfig(document: unknown, source: string, directory: string): CurrentContext {
  const refuse = (what: string): KrustletError =>
    new KrustletError("InvalidKubeconfig", `The ${source} ${what}.`);
  if (!isMap(document)) throw refuse("is no kubeconfig: it is not a map");
  const config: KubeconfigDocument = document;
  if (config.kind !== undefined && config.kind !== "Config") {
    throw refuse(`is no kubeconfig: its kind is ${JSON.stringify(config.kind)}`);
  }
  const contextName = config["current-context"];
  if (typeof contextName !== "string" || contextName === "") throw refuse("has no current-context");
  const context = entryOf(config.contexts, contextName, "context");
  if (context === undefined) throw refuse(`has no context "${contextName}", which is its current-context`);
  const { cluster: clusterName, user: userName } = context;
  if (typeof clusterName !== "string") throw refuse(`names no cluster in its context "${contextName}"`);
  const cluster = entryOf(config.clusters, clusterName, "cluster");
  if (cluster === undefined) throw refuse(`has no cluster "${clusterName}", which its context names`);
  const named = typeof userName === "string" && userName !== "";
  const user = named ? entryOf(config.users, userName, "user") : {};
  if (user === undefined) throw refuse(`has no user "${String(userName)}", whom its context names`);
  const server = serverOf(cluster["server"]);
  if (server === undefined) {
    throw refuse(
      `has no address of an API server in clusters "${clusterName}": server is ${quote(cluster["server"])}`,
    );
  }
  if (server.protocol === "http:" && !LOOPBACK.test(server.hostname)) {
    throw refuse(`would send credentials without TLS: server is ${quote(cluster["server"])}`);
  }
  const wrong = wrongFieldOf(cluster, CLUSTER_TEXT) ?? wrongFieldOf(user, USER_TEXT);
  if (wrong !== undefined) throw refuse(`is not right: ${wrong} is no text`);
  if (user["exec"] != null && !isExec(user["exec"])) throw refuse("is not right: exec names no command");
  const absolute = withPaths(cluster, CLUSTER_PATHS, directory);
  return {
    server,
    userName: named ? userName : "",
    cluster: absolute,
    user: userFor(withPaths(user, USER_PATHS, directory), absolute, directory),
  };
}

/** Pure: the directory where a kubeconfig's relative paths begin. */
export function directoryOf(path: string): string {
  return dirname(resolve(path));
}

type Fields = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The entry of a name; one without content is empty. */
function entryOf(entries: unknown, name: string, field: string): Fields | undefined {
  if (!Array.isArray(entries)) return undefined;
  const entry = (entries as unknown[]).find((entry) => isMap(entry) && entry["name"] === name) as
    | Fields
    | undefined;
  if (entry === undefined) return undefined;
  return isMap(entry[field]) ? entry[field] : {};
}

function serverOf(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
}

function wrongFieldOf(entry: Fields, fields: readonly string[]): string | undefined {
  return fields.find((field) => entry[field] != null && typeof entry[field] !== "string");
}

function withPaths(entry: Fields, fields: readonly string[], directory: string): Fields {
  const paths = fields.flatMap((field) => {
    const path = entry[field];
    return typeof path === "string" && path !== "" && !isAbsolute(path)
      ? [[field, join(directory, path)]]
      : [];
  });
  return { ...entry, ...Object.fromEntries(paths) };
}

function isExec(exec: unknown): exec is ExecEntry {
  if (!isMap(exec) || typeof exec["command"] !== "string" || exec["command"] === "") return false;
  return exec["env"] == null || (Array.isArray(exec["env"]) && exec["env"].every(isMap));
}

function userFor(user: UserEntry, cluster: ClusterEntry, directory: string): UserEntry {
  const { exec } = user;
  if (exec == null) return user;
  const { command = "" } = exec;
  const spec = { interactive: false, ...(exec.provideClusterInfo === true && { cluster: { ...cluster } }) };
  const value = JSON.stringify({ kind: "ExecCredential", apiVersion: exec.apiVersion, spec });
  return {
    ...user,
    exec: {
      ...exec,
      command: command.includes("/") && !isAbsolute(command) ? join(directory, command) : command,
      // The client does not tell plugins what they are asked for.
      env: [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value }],
    },
  };
}

function quote(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
