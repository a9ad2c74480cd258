import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { nodeClient, openKube } from "@krustlet/kube";
import type { Kube } from "@krustlet/kube";
import { bootstrapNode, keepCertificate } from "@krustlet/node";
import type { BootstrapOptions, NodeClient, OpenedClient } from "@krustlet/node";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";
import { bootstrapFileOf } from "./bootstrap-file.ts";

/** Where a node's own certificate and key are, beneath its `certDir`. */
const CURRENT = "kubelet-client-current.pem";

/** What is done with the node's client certificate. */
export interface ClientCertificateInit {
  readonly config: NodeConfig;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Makes the kubeconfig, with a certificate that the cluster signs for a bootstrap token, where there is none that is good.
 * @throws KrustletError where there is neither, or the certificate is denied; the signal's reason.
 */
export async function bootstrapKubeconfig({
  config,
  log,
  signal,
  onAsking,
}: ClientCertificateInit & Pick<BootstrapOptions, "onAsking">): Promise<void> {
  const asked = await bootstrapNode({
    nodeName: config.nodeName,
    kubeconfig: config.kubeconfig,
    bootstrapKubeconfig: await bootstrapFileOf(config),
    directory: config.certDir,
    open: openClient,
    signal,
    onAsking,
    onReplaced: (sentence) => log.warn(sentence),
    onPending: (name) =>
      log.info(`the client certificate waits for approval: kubectl certificate approve ${name}`),
    onFailure: (err) => log.warn({ err }, "the client certificate cannot be had yet"),
  });
  if (asked) log.info({ kubeconfig: config.kubeconfig }, "the kubeconfig is made");
}

/**
 * Replaces the client certificate before it expires, until the signal is aborted, where it is the node's own to replace:
 * where the kubeconfig points to the one in `certDir`. Then it resolves. `onKept` is told until when each one is good.
 */
export async function rotateClientCertificate(
  { config, log, signal, onKept }: ClientCertificateInit & { readonly onKept?: (until: Date) => void },
  kube: Kube,
): Promise<void> {
  if (!config.rotateCertificates || !(await isNodes(config))) return;
  const opened: OpenedClient[] = [];
  const bootstrapClient = async (): Promise<NodeClient> => {
    const client = await openClient(await bootstrapFileOf(config));
    opened.push(client);
    return client.client;
  };
  try {
    await keepCertificate(
      (current) => (current === "good" ? nodeClient(kube) : bootstrapClient().catch(() => nodeClient(kube))),
      {
        use: "client",
        nodeName: config.nodeName,
        directory: config.certDir,
        signal,
        onCertificate: ({ certificate, key, notAfter, from }) => {
          onKept?.(notAfter);
          // The connection was opened with the stored one.
          if (from === "stored") return;
          kube.replaceClientCertificate({ certificate, key });
          log.info({ notAfter }, "the client certificate is replaced");
        },
        onFailure: (err) => log.warn({ err }, "the client certificate cannot be replaced yet"),
      },
    );
  } finally {
    for (const each of opened) await each[Symbol.asyncDispose]();
  }
}

async function isNodes({ kubeconfig, certDir }: NodeConfig): Promise<boolean> {
  const text = await readFile(kubeconfig, "utf8").catch(() => "");
  return text.includes(join(certDir, CURRENT));
}

async function openClient(kubeconfig: string): Promise<OpenedClient> {
  const kube = await openKube({ kubeconfig });
  return { client: nodeClient(kube), [Symbol.asyncDispose]: () => kube.close() };
}
