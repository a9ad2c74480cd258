import { createServer } from "node:http";

import { createRequestHandler } from "../http/handle-request.ts";
import { serveAt } from "../http/serve-at.ts";
import { healthzRoutes } from "./serve-healthz.ts";
import type { HealthzInit } from "./serve-healthz.ts";

/** How {@link startHealthz} is put together. */
export interface HealthzServerInit extends HealthzInit {
  /** `127.0.0.1` by custom: whoever reaches it is answered. */
  readonly address: string;
  /** 10248 by custom, 0 for any. */
  readonly port: number;
}

/** A running server. Disposing closes every connection and frees the port. */
export interface HealthzServer extends AsyncDisposable {
  readonly port: number;
}

/** Starts the plain server of `/healthz` for whoever watches over the node's process. @throws KrustletError `AddressInUse`. */
export async function startHealthz(init: HealthzServerInit): Promise<HealthzServer> {
  const { address, port } = init;
  const stopping = new AbortController();
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 8192 },
    createRequestHandler({
      routes: healthzRoutes(init),
      signal: stopping.signal,
      onWarning: init.onWarning,
    }),
  );
  server.maxConnections = 100;
  const closeAll = (): void => server.closeAllConnections();
  return serveAt(server, { address, port, name: "Healthz", stopping, closeAll });
}
