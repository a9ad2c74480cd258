import { isKrustletError, KrustletError } from "@krustlet/interface";
import { certificateFilesOf } from "./certificate-files.ts";
import { checkKubeconfig } from "./check-kubeconfig.ts";
import type { DoerOptions } from "./doer-options.ts";
import { doingOf } from "./doer-options.ts";
import type { IssuedCertificate } from "./issued-certificate.ts";
import type { KubeconfigParts } from "./kubeconfig-parts.ts";
import { buildKubeconfig, readKubeconfigParts } from "./kubeconfig-parts.ts";
import type { NodeClient } from "./node-client.ts";
import { requestCertificate } from "./request-certificate.ts";
import type { RequestCertificateOptions } from "./request-certificate.ts";
import { writePrivateFile } from "./write-private-file.ts";

/** A client that was opened for the time of a bootstrap. */
export interface OpenedClient extends AsyncDisposable {
  readonly client: NodeClient;
}

/** Options of {@link bootstrapNode}. */
export interface BootstrapOptions extends DoerOptions, Pick<RequestCertificateOptions, "onPending"> {
  readonly nodeName: string;
  /** The node's own kubeconfig: used where it is good, written where it is not. */
  readonly kubeconfig: string;
  /** A kubeconfig with a bootstrap token, which may do nothing but ask for a certificate. */
  readonly bootstrapKubeconfig: string;
  /** Where certificates and keys are kept, such as `/var/lib/krustlet/pki`. */
  readonly directory: string;
  /** How long the certificate should be good; the signer may shorten it. At least 600. */
  readonly expirationSeconds?: number;
  /** Opens a client with a kubeconfig; it is disposed of before {@link bootstrapNode} resolves. */
  readonly open: (kubeconfig: string) => Promise<OpenedClient>;
  /** Told once a certificate is going to be asked for, which takes as long as the API server and its approvers do. */
  readonly onAsking?: () => void;
  /** Told, in a sentence, why a kubeconfig that is there is going to be replaced. */
  readonly onReplaced?: (sentence: string) => void;
  /** For how long a token that the API server does not accept is tried again: both may have just been made. Default: 60 s. */
  readonly patienceMs?: number;
}

/**
 * TLS bootstrap, as the kubelet does it: a kubeconfig that is good is left alone; where there is none, or its
 * certificate has expired, a client certificate is asked for with the bootstrap kubeconfig, and a kubeconfig written that
 * points to it. A kill at any moment leaves a state from which the next call goes on; an API server that does not answer
 * is asked until it does, or until the signal is aborted.
 *
 * @returns whether a certificate was asked for
 * A kubeconfig that is of no use is replaced only where it is this node's own or empty: a path may be mistyped.
 *
 * @throws KrustletError `InvalidObject` where the bootstrap kubeconfig is missing or none, or the kubeconfig is of no use
 * and somebody else's; `InvalidField` where the kubeconfig is another node's, `CertificateDenied` where the request is denied or the token not accepted; what `open`
 * throws; the signal's reason.
 */
export async function bootstrapNode(options: BootstrapOptions): Promise<boolean> {
  const { nodeName, kubeconfig, bootstrapKubeconfig, directory } = options;
  const doing = doingOf(options);
  const found = await checkKubeconfig(kubeconfig, { nodeName, directory }, doing.clock.now());
  if (found.state === "good") return false;
  const bootstrap = await readKubeconfigParts(bootstrapKubeconfig);
  if (bootstrap === undefined) {
    const why = found.state === "useless" ? `cannot be used: ${found.reason}` : "does not exist";
    const sentence = `The kubeconfig ${kubeconfig} ${why}; and there is no bootstrap kubeconfig ${bootstrapKubeconfig}.`;
    throw new KrustletError("InvalidObject", sentence);
  }
  if (found.state === "useless") {
    if (!found.own) {
      const sentence = `The kubeconfig ${kubeconfig} cannot be used: ${found.reason}. It is none that this node has made, and is left as it is: remove it, or give another one.`;
      throw new KrustletError("InvalidObject", sentence);
    }
    options.onReplaced?.(`The kubeconfig ${kubeconfig} is replaced: ${found.reason}`);
  }
  const files = certificateFilesOf(directory, "client");
  const key = await files.pendingKey();
  await using opened = await options.open(bootstrapKubeconfig);
  options.onAsking?.();
  let issued: IssuedCertificate;
  try {
    issued = await patiently(options, () => {
      const { expirationSeconds } = options;
      const init = { use: "client", nodeName, key } as const;
      return requestCertificate(
        opened.client,
        expirationSeconds === undefined ? init : { ...init, expirationSeconds },
        options,
      );
    });
  } catch (error) {
    // What was refused, or answered with what is of no use, is so for good: it takes another key to ask again.
    if (isKrustletError(error) && !error.retryable) await files.dropPendingKey();
    throw error;
  }
  await files.store(issued.certificate, key, doing.clock.now());
  await writePrivateFile(kubeconfig, nodeKubeconfig(bootstrap, files.currentPath), false);
  await files.dropPendingKey();
  return true;
}

/** Pure: the kubeconfig of a node whose certificate and key are in one file. */
function nodeKubeconfig({ cluster }: KubeconfigParts, path: string): string {
  return buildKubeconfig({ cluster, user: { "client-certificate": path, "client-key": path } });
}

/** Calls again what failed and may succeed later. */
async function patiently<T>(options: BootstrapOptions, call: () => Promise<T>): Promise<T> {
  const { clock, signal, onFailure } = doingOf(options);
  const until = clock.elapsed() + (options.patienceMs ?? 60_000);
  for (let wait = 1000; ; wait = Math.min(wait * 2, 8000)) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      const retryable = isKrustletError(error) && error.retryable;
      if (!retryable || clock.elapsed() + wait > until) throw error;
      onFailure(error);
    }
    await clock.sleep(wait, { signal });
  }
}
