import { KrustletError } from "@krustlet/interface";
import { catchError, concat, from, NEVER, of, switchMap } from "rxjs";

import type { Kube, KubeCall } from "./kube.ts";

/**
 * A {@link Kube} that is used before it is open: until then, calls fail as they do where no API server answers, and may be
 * tried again. `reachable$` tells when it is open. One that is closed before is closed as soon as it is open.
 */
export function kubeLater(opening: Promise<Kube>): Kube {
  let opened: Kube | undefined;
  let closed = false;
  const use = async (): Promise<void> => {
    opened = await opening;
    if (closed) await opened.close();
  };
  // Whoever opens it is told.
  use().catch(() => undefined);
  const notYet = ({ method = "GET", path }: KubeCall): KrustletError => {
    const sentence = `${method} ${path}: there is no kubeconfig yet to reach an API server with.`;
    return new KrustletError("ApiServerUnavailable", sentence, { retryable: true });
  };
  const close = async (): Promise<void> => {
    closed = true;
    await opened?.close();
  };
  return {
    get server() {
      return opened?.server ?? "";
    },
    reachable$: from(opening).pipe(
      switchMap((kube) => concat(of(undefined), kube.reachable$)),
      catchError(() => NEVER),
    ),
    request: async (call, options) => {
      options?.signal?.throwIfAborted();
      if (opened === undefined) throw notYet(call);
      return opened.request(call, options);
    },
    open: async (call, options) => {
      options.signal?.throwIfAborted();
      if (opened === undefined) throw notYet(call);
      return opened.open(call, options);
    },
    // It is opened with the newest one.
    replaceClientCertificate: (pair) => opened?.replaceClientCertificate(pair),
    close,
    [Symbol.asyncDispose]: close,
  };
}
