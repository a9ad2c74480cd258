import { readFile } from "node:fs/promises";

import { KrustletError } from "@krustlet/interface";
import { readKubeconfigParts } from "@krustlet/node";
import type { KubeconfigParts } from "@krustlet/node";

import { reasonOf } from "../run-options.ts";

/**
 * The cluster of a kubeconfig, its authority inside: the file that is made of it goes to another machine.
 *
 * @param server - how the node reaches the API server; undefined: as the kubeconfig does
 * @throws KrustletError `InvalidUsage` where there is no such kubeconfig or `server` is no address, `InvalidObject` where
 * it is none, or its authority cannot be read.
 */
export async function bootstrapClusterOf(
  kubeconfig: string,
  server: string | undefined,
): Promise<KubeconfigParts["cluster"]> {
  const parts = await readKubeconfigParts(kubeconfig);
  if (parts === undefined) {
    throw new KrustletError(
      "InvalidUsage",
      `there is no kubeconfig ${kubeconfig}; give one with --kubeconfig`,
    );
  }
  const { "certificate-authority": path, ...cluster } = parts.cluster;
  const moved = server === undefined ? cluster : { ...cluster, server: checkedServer(server) };
  if (typeof path !== "string" || path === "" || "certificate-authority-data" in cluster) return moved;
  try {
    const authority = await readFile(path);
    return { ...moved, "certificate-authority-data": authority.toString("base64") };
  } catch (cause) {
    const sentence = `The certificate authority ${path} of the kubeconfig ${kubeconfig} cannot be read: ${reasonOf(cause)}.`;
    throw new KrustletError("InvalidObject", sentence, { cause });
  }
}

function checkedServer(server: string): string {
  if (URL.canParse(server) && new URL(server).protocol === "https:") return server;
  throw new KrustletError("InvalidUsage", `--server "${server}" is no https address`);
}

/** Pure: what is to be known of a cluster before a node joins it, a sentence each. */
export function warningsOfCluster(cluster: KubeconfigParts["cluster"]): string[] {
  const server = String(cluster["server"]);
  const { hostname } = new URL(server);
  const loopback = hostname === "localhost" || /^(?:127\.[0-9.]+|\[::1\])$/u.test(hostname);
  return [
    ...(loopback ? [`Only this machine reaches ${server}; for a node on another one give --server.`] : []),
    ...(cluster["insecure-skip-tls-verify"] === true
      ? [
          "The kubeconfig does not verify the API server, nor will the node: whoever is in between gets the token.",
        ]
      : []),
  ];
}
