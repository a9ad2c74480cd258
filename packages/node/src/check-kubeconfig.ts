import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";
import { isKrustletError, KrustletError } from "@krustlet/interface";
import { readKubeconfigParts } from "./kubeconfig-parts.ts";

/** What a node makes of a kubeconfig that it finds: whether it is one, and if not a sentence why. */
export type KubeconfigState =
  | { readonly state: "absent" | "good" }
  | {
      readonly state: "useless";
      readonly reason: string;
      /** Whether it is this node's own, so that nothing of anybody else is lost with it. */
      readonly own: boolean;
    };

/** Credentials that are none of a node's own making; whether they are good shows when they are used. */
const OTHERS: readonly string[] = ["token", "tokenFile", "exec", "auth-provider", "username"];

/** Whose kubeconfig it should be. */
export interface KubeconfigOwner {
  readonly nodeName: string;
  /** Where the node keeps its certificates. */
  readonly directory: string;
}

/**
 * Whether a kubeconfig can be used, or a node has to ask for a client certificate (again).
 *
 * @throws KrustletError `InvalidField` where it is another node's.
 */
export async function checkKubeconfig(
  path: string,
  { nodeName, directory }: KubeconfigOwner,
  now: Date,
): Promise<KubeconfigState> {
  let own = await isEmpty(path);
  const useless = (reason: string): KubeconfigState => ({ state: "useless", reason, own });
  try {
    const parts = await readKubeconfigParts(path);
    if (parts === undefined) return { state: "absent" };
    own ||= isBeneath(directory, parts.user["client-certificate"]);
    const certificate = await contentOf(parts.user, "client-certificate");
    if (certificate === undefined) {
      if (OTHERS.some((name) => name in parts.user)) return { state: "good" };
      return useless("it has no credentials");
    }
    const key = await contentOf(parts.user, "client-key");
    if (key === undefined) return useless("it has no client key");
    const { owner, fault } = checkPair(certificate, key, now);
    own ||= owner === nodeName;
    if (fault !== undefined) return useless(fault);
    if (owner === undefined || owner === nodeName) return { state: "good" };
    const sentence = `The kubeconfig ${path} is node ${owner}'s, and this node is ${nodeName}; give --node-name ${owner}, or another kubeconfig.`;
    throw new KrustletError("InvalidField", sentence);
  } catch (error) {
    if (isKrustletError(error, "InvalidObject")) return useless(reasonOf(error, path));
    throw error;
  }
}

/** Why, behind a colon: "The kubeconfig x is no YAML." is "it is no YAML". */
function reasonOf({ message }: Error, path: string): string {
  return message.replace(`The kubeconfig ${path} `, "it ").replace(/\.$/u, "");
}

/** Which node a certificate is for, if any, and what is wrong with it and its key. */
function checkPair(
  pem: string,
  key: string,
  now: Date,
): { readonly owner?: string; readonly fault?: string } {
  let owner: string | undefined;
  try {
    const certificate = new X509Certificate(pem);
    owner = /^CN=system:node:(.*)$/m.exec(certificate.subject)?.[1];
    const found = owner === undefined ? {} : { owner };
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return { ...found, fault: "its key belongs to another certificate" };
    if (certificate.validToDate > now) return found;
    const expired = `its client certificate has expired on ${certificate.validToDate.toISOString()}`;
    return { ...found, fault: expired };
  } catch {
    const fault = "its client certificate or key cannot be read";
    return owner === undefined ? { fault } : { owner, fault };
  }
}

function isBeneath(directory: string, path: unknown): boolean {
  if (typeof path !== "string" || path === "") return false;
  const way = relative(directory, path);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

async function isEmpty(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text?.trim() === "";
}

/** What `<name>-data` holds, or the file that `<name>` names; undefined where there is neither. */
async function contentOf(user: Readonly<Record<string, unknown>>, name: string): Promise<string | undefined> {
  const data = user[`${name}-data`];
  if (typeof data === "string" && data !== "") return Buffer.from(data, "base64").toString("latin1");
  const path = user[name];
  if (typeof path !== "string" || path === "") return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new KrustletError("InvalidObject", `its file ${path} is missing`);
    }
    throw error;
  }
}
