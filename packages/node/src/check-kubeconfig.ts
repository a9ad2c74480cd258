import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isKrustletError, KrustletError } from "@krustlet/interface";
import { readKubeconfigParts } from "./kubeconfig-parts.ts";

/** What a node makes of a kubeconfig that it finds: whether it is one, and if not a sentence why. */
export type KubeconfigState =
  | { readonly state: "absent" | "good" }
  | { readonly state: "useless"; readonly reason: string };

/** Credentials that are none of a node's own making; whether they are good shows when they are used. */
const OTHERS: readonly string[] = ["token", "tokenFile", "exec", "auth-provider", "username"];

/**
 * Whether a kubeconfig can be used, or a node has to ask for a client certificate (again).
 *
 * @throws KrustletError `InvalidField` where it is another node's; the system's error where it cannot be read.
 */
export async function checkKubeconfig(path: string, nodeName: string, now: Date): Promise<KubeconfigState> {
  try {
    const parts = await readKubeconfigParts(path);
    if (parts === undefined) return { state: "absent" };
    const certificate = await contentOf(parts.user, "client-certificate");
    if (certificate === undefined) {
      if (OTHERS.some((name) => name in parts.user)) return { state: "good" };
      return useless("it has no credentials");
    }
    const key = await contentOf(parts.user, "client-key");
    if (key === undefined) return useless("it has no client key");
    return checkPair(path, certificate, key, nodeName, now);
  } catch (error) {
    if (isKrustletError(error, "InvalidObject")) return useless(error.message);
    throw error;
  }
}

function checkPair(path: string, pem: string, key: string, nodeName: string, now: Date): KubeconfigState {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return useless("its key belongs to another certificate");
  } catch {
    return useless("its client certificate or key cannot be read");
  }
  if (certificate.validToDate <= now) {
    return useless(`its client certificate has expired on ${certificate.validToDate.toISOString()}`);
  }
  const owner = /^CN=system:node:(.*)$/m.exec(certificate.subject)?.[1];
  if (owner === undefined || owner === nodeName) return { state: "good" };
  const sentence = `The kubeconfig ${path} is node ${owner}'s, and this node is ${nodeName}; give --node-name ${owner}, or another kubeconfig.`;
  throw new KrustletError("InvalidField", sentence);
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

function useless(reason: string): KubeconfigState {
  return { state: "useless", reason };
}
