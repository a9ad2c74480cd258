import { createServer } from "node:https";
import type { Server } from "node:https";
import type { TLSSocket } from "node:tls";

import { KrustletError } from "@krustlet/interface";

import { createAuthenticate } from "./auth/authenticate.ts";
import { createAuthorize } from "./auth/authorize.ts";
import { verbOf } from "./auth/node-attributes.ts";
import { ANONYMOUS } from "./auth/user-info.ts";
import { configzRoute } from "./health/serve-configz.ts";
import { createHealthSlis } from "./health/health-slis.ts";
import type { HealthResult } from "./health/health-checks.ts";
import { healthzRoutes, runHealthChecks } from "./health/serve-healthz.ts";
import { trackConnections } from "./http/connections.ts";
import { createRequestHandler } from "./http/handle-request.ts";
import type { Admit } from "./http/handle-request.ts";
import type { Route } from "./http/route.ts";
import { serveAt } from "./http/serve-at.ts";
import type { KubeletApiInit } from "./kubelet-api-init.ts";
import { containerLogsRoute } from "./logs/serve-container-logs.ts";
import {
  metricsRoute,
  probeMetricsRoute,
  sliMetricsRoute,
  usageMetricsRoutes,
} from "./metrics/serve-metrics.ts";
import { podRoutes } from "./pods/serve-pods.ts";
import { statsRoute } from "./stats/serve-stats.ts";
import { refusedStreamRoutes } from "./streams/refused-streams.ts";
import { createUsageSnapshots } from "./stats/usage-snapshot.ts";
import { contextOf, renewContext } from "./serving-context.ts";

/** A running server. Disposing ends what is being served, closes every connection and frees the port. */
export interface KubeletApi extends AsyncDisposable {
  /** The port it listens at. */
  readonly port: number;
}

/**
 * Starts the kubelet's HTTPS API; resolves when it listens.
 *
 * @throws KrustletError `AddressInUse`; `InvalidObject` for a key or a certificate that is none.
 */
export async function startKubeletApi(init: KubeletApiInit): Promise<KubeletApi> {
  const {
    headerBytes = 16 * 1024,
    headersMs = 10_000,
    connections = 2000,
    strangers = 256,
  } = init.limits ?? {};
  const stopping = new AbortController();
  const tracked = trackConnections(strangers);
  const server = createTlsServer(init, { headerBytes, headersMs });
  server.maxConnections = connections;
  // A log that is followed may be silent for hours.
  server.timeout = 0;
  server.keepAliveTimeout = 90_000;
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.prependListener("connection", (socket) => tracked.add(socket));
  renewContext(server, init);
  server.on(
    "request",
    createRequestHandler({
      routes: routesOf(init),
      admit: createAdmit(init, stopping.signal, (socket) => tracked.known(socket)),
      signal: stopping.signal,
      onRequest: (method, segment) => init.metrics?.request(method, segment),
      onWarning: init.onWarning,
    }),
  );
  const { address, port } = init;
  const closeAll = (): void => tracked.closeAll();
  return serveAt(server, { address, port, name: "The kubelet's API", stopping, closeAll });
}

function routesOf(init: KubeletApiInit): readonly Route[] {
  const { pods, clock, configz, metrics, usage, nodeName, onWarning } = init;
  const snapshot = usage === undefined ? undefined : createUsageSnapshots({ clock, usage });
  const slis = createHealthSlis();
  const health = { ...init, onCheck: (result: HealthResult) => slis.observe(result) };
  return [
    containerLogsRoute(pods, clock),
    ...podRoutes(pods),
    ...refusedStreamRoutes(),
    ...healthzRoutes(health),
    configzRoute(configz),
    ...(metrics === undefined ? [] : [metricsRoute(metrics)]),
    probeMetricsRoute(),
    sliMetricsRoute(slis, () => runHealthChecks(health)),
    ...(snapshot === undefined
      ? []
      : [statsRoute(nodeName, pods, snapshot), ...usageMetricsRoutes(snapshot, pods, onWarning)]),
  ];
}

/** Who asks, and whether they may: in this order, before anything else is said about what was asked for. */
function createAdmit(init: KubeletApiInit, signal: AbortSignal, known: (socket: TLSSocket) => void): Admit {
  const authenticate = createAuthenticate(init, { signal });
  const authorize = createAuthorize(init, { signal });
  return async (message, path) => {
    const user = await authenticate(message);
    if (user === undefined) return { status: 401, text: "Unauthorized" };
    if (user !== ANONYMOUS) known(message.socket as TLSSocket);
    if (path === undefined) return undefined;
    const verb = verbOf(message.method ?? "");
    if (verb === undefined) return { status: 405, text: "405: Method Not Allowed\n" };
    return authorize(user, verb, path.segments[0] ?? "");
  };
}

function createTlsServer(
  init: KubeletApiInit,
  { headerBytes, headersMs }: { headerBytes: number; headersMs: number },
): Server {
  try {
    return createServer({
      ...contextOf(init.tls()),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
      // Who follows a silent log and has vanished without a word is found out.
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      handshakeTimeout: headersMs,
      headersTimeout: headersMs,
      requestTimeout: headersMs * 3,
      connectionsCheckingInterval: Math.min(5000, headersMs),
      maxHeaderSize: headerBytes,
    });
  } catch (error) {
    throw new KrustletError("InvalidObject", "The serving certificate of the kubelet's API cannot be used.", {
      cause: error,
    });
  }
}
