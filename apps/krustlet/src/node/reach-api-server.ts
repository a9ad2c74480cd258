import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { Clock } from "@krustlet/interface";
import { apiStatusOf } from "@krustlet/node";

const FIRST_WAIT_MS = 1000;
const LAST_WAIT_MS = 30_000;

/** How {@link reachApiServer} goes about it. */
export interface ReachInit {
  /** Reads the node's own object. */
  readonly getNode: (options: { readonly signal: AbortSignal }) => Promise<unknown>;
  readonly server: string;
  /** The kubeconfig, for sentences. */
  readonly kubeconfig: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told each try that failed and is followed by another one. */
  readonly onFailure: (error: unknown, retryInMs: number) => void;
}

/**
 * Resolves once the API server has answered as it answers those whom it knows; tries again, with waits that double
 * from 1 s to 30 s, while that may come by itself.
 * @throws KrustletError `InvalidKubeconfig` where the API server does not accept the credentials, `ApiServerUntrusted`:
 * what no waiting mends; the signal's reason.
 */
export async function reachApiServer(init: ReachInit): Promise<void> {
  const { clock, signal, server, kubeconfig } = init;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LAST_WAIT_MS)) {
    try {
      await init.getNode({ signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      const status = apiStatusOf(error);
      // Not there yet, or not to be read before it is registered.
      if (status === 404 || status === 403) return;
      if (status === 401) {
        const sentence = `The API server ${server} does not accept the credentials of the kubeconfig ${kubeconfig}.`;
        throw new KrustletError("InvalidKubeconfig", sentence, { cause: error });
      }
      if (isKrustletError(error, "ApiServerUntrusted") || isKrustletError(error, "InvalidKubeconfig"))
        throw error;
      init.onFailure(error, wait);
    }
    await clock.sleep(wait, { signal });
  }
}
