import { Pool, ProxyAgent, Socks5ProxyAgent } from "undici";
import type { Dispatcher } from "undici";
import type { TlsOptions } from "./load-credentials.ts";

/** The connections to one API server with one client certificate. */
export interface Connections {
  /** For calls that end. */
  readonly calls: Dispatcher;
  /** For streams that do not: HTTP/2 where the server has it, so that a thousand watches need no thousand connections. */
  readonly streams: Dispatcher;
}

/** Enough to keep an API server busy, few enough to cost no time in handshakes. */
const CALL_CONNECTIONS = 16;

/** Opens nothing yet: connections are made as they are needed. Whoever calls closes both. */
export function openConnections(origin: string, tls: TlsOptions, proxy: string | undefined): Connections {
  const connect = { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 };
  // Below the 90 s after which an API server closes an idle connection.
  const idle = { keepAliveTimeout: 60_000, keepAliveMaxTimeout: 60_000 };
  const make = (options: Pool.Options): Dispatcher => {
    if (proxy === undefined || proxy === "") return new Pool(origin, { ...idle, connect, ...options });
    if (proxy.startsWith("socks")) return new Socks5ProxyAgent(proxy, { requestTls: tls });
    return new ProxyAgent({ ...idle, uri: proxy, requestTls: tls });
  };
  return {
    calls: make({ connections: CALL_CONNECTIONS, allowH2: false }),
    streams: make({ allowH2: true, h2Options: { maxConcurrentStreams: 100 } }),
  };
}
