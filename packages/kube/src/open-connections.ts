import { Pool, ProxyAgent, Socks5ProxyAgent } from "undici";
import type { Dispatcher } from "undici";
import type { TlsOptions } from "./load-credentials.ts";

/** The connections to one API server with one client certificate. */
export interface Connections {
  /** For calls that end. HTTP/2 here too: half of HTTP/1.1's processor time, and one handshake. */
  readonly calls: Dispatcher;
  /** For streams that do not: HTTP/2 where the server has it, so that a thousand watches need no thousand connections. */
  readonly streams: Dispatcher;
}

/** As many as calls go at once, and heartbeats beside them: for what does not speak HTTP/2. */
const CALL_CONNECTIONS = 12;

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
    calls: make({ connections: CALL_CONNECTIONS }),
    streams: make({}),
  };
}
