import { readFile } from "node:fs/promises";
import { dirname, join, parse } from "node:path";

import { KrustletError } from "@krustlet/interface";
import type { Kube } from "@krustlet/kube";

/** Where the API server says whose certificates name users to it. */
const CONFIG_MAP = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

/** The authority whose certificates name users, PEM; or a sentence why it is not known. */
export type ClientAuthority = { readonly pem: string } | { readonly reason: string };

/**
 * Asks the API server for the authority whose certificates name users: what a node's `--client-ca-file` takes, so that the
 * API server can show the node who it is. It is not the one of the API server's own certificate.
 */
export async function readClientAuthority(kube: Pick<Kube, "request">): Promise<ClientAuthority> {
  try {
    const { data } = await kube.request<{ data?: Readonly<Record<string, unknown>> }>({ path: CONFIG_MAP });
    const pem = data?.["client-ca-file"];
    if (typeof pem === "string" && pem.includes("-----BEGIN CERTIFICATE-----")) return { pem };
    return { reason: "the API server takes no certificates of users" };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The file of the authority, beside the one that a node bootstraps with. */
export function clientAuthorityFileOf(bootstrapFile: string): string {
  return join(dirname(bootstrapFile), `${parse(bootstrapFile).name}-client-ca.crt`);
}

/** @throws KrustletError `InvalidUsage` where another authority's file is there, and it is not to be replaced. */
export async function assertReplaceable(file: string, pem: string, replace: boolean): Promise<void> {
  const there = await readFile(file, "utf8").catch(() => undefined);
  if (there === undefined || there === pem || replace) return;
  const sentence = `${file} is there already, with other authorities; --force replaces it, --file names another`;
  throw new KrustletError("InvalidUsage", sentence);
}
