import type { Readable } from "node:stream";
import { KrustletError } from "@krustlet/interface";
import type { Cancellable } from "@krustlet/interface";
import type * as Undici from "undici";
import { isLoopback } from "./loopback.ts";

/** A request that may be redirected. */
interface HttpRequest extends Cancellable {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer whose body is not read yet; it has to be read or destroyed. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Readable;
}

/** Options of {@link createTransport}. */
export interface TransportInit {
  /** Registries, `host[:port]`, that may be spoken to without TLS. Loopback always may. */
  readonly insecureRegistries?: readonly string[];
  /** PEM certificates to trust beside those that Node trusts. */
  readonly ca?: readonly string[];
  /** As `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` have them; loopback is never proxied. */
  readonly proxy?: { readonly http?: string; readonly https?: string; readonly except?: string };
  /** Milliseconds to wait for a connection. Default 10,000. */
  readonly connectTimeout?: number;
  /** Milliseconds without a byte after which an answer is given up. Default 30,000. */
  readonly stallTimeout?: number;
}

/** Sends requests; owns the connections until it is closed. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Whether plain HTTP to this `host[:port]` is allowed. */
  allowsPlain(host: string): boolean;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 8;

/**
 * HTTP as a registry client needs it: redirects that never carry a login to another origin and never leave TLS, stalls
 * noticed, nothing decompressed (digests are of the bytes as they came). undici is loaded by the first request.
 */
export function createTransport(init: TransportInit = {}): Transport {
  let agents: Promise<Agents> | undefined;
  const insecure = new Set(init.insecureRegistries?.map((host) => host.toLowerCase()));
  // A URL leaves out the port that its scheme has by itself.
  const allowsPlain = (host: string): boolean =>
    isLoopback(host) || [host, `${host}:80`].some((name) => insecure.has(name.toLowerCase()));

  async function once(
    request: HttpRequest,
    url: URL,
    headers: Record<string, string>,
  ): Promise<HttpResponse> {
    agents ??= openAgents(init);
    const { undici, direct, proxied } = await agents;
    const answer = await undici.request(url, {
      method: request.method,
      headers: { "user-agent": "krustlet", ...headers },
      dispatcher: isLoopback(url.host) ? direct : proxied,
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    const received = new Map<string, string>();
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined) received.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
    return { status: answer.statusCode, headers: received, body: answer.body };
  }

  return {
    allowsPlain,
    async send(request) {
      let url = request.url;
      let headers: Record<string, string> = { ...request.headers };
      for (let redirects = 0; ; redirects += 1) {
        if (url.protocol !== "https:" && !(url.protocol === "http:" && allowsPlain(url.host))) {
          throw new KrustletError(
            "RegistryProtocol",
            `${request.url.host} leads to ${url.protocol}//${url.host}, which is not encrypted; ` +
              "name it as an insecure registry if that is meant",
          );
        }
        const response = await once(request, url, headers);
        const location = response.headers.get("location");
        if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
        response.body.on("error", () => {}).destroy();
        if (redirects >= MAX_REDIRECTS || request.method === "POST") {
          throw new KrustletError("RegistryProtocol", `${request.url.host} redirects without end`);
        }
        const next = redirectTarget(location, url);
        if (url.protocol === "https:" && next.protocol !== "https:") {
          throw new KrustletError(
            "RegistryProtocol",
            `${url.host} redirects from https to ${next.protocol}//${next.host}`,
          );
        }
        if (next.origin !== url.origin) {
          const { authorization: _dropped, ...rest } = headers;
          headers = rest;
        }
        url = next;
      }
    },
    async close() {
      const opened = await agents;
      agents = undefined;
      await Promise.all([opened?.direct.destroy(), opened?.proxied.destroy()]);
    },
  };
}

function redirectTarget(location: string, base: URL): URL {
  try {
    const url = new URL(location, base);
    url.username = url.password = "";
    return url;
  } catch (cause) {
    throw new KrustletError("RegistryProtocol", `${base.host} redirects to something that is no URL`, {
      cause,
    });
  }
}

interface Agents {
  readonly undici: typeof Undici;
  readonly direct: Undici.Dispatcher;
  readonly proxied: Undici.Dispatcher;
}

async function openAgents(init: TransportInit): Promise<Agents> {
  const [undici, tls] = await Promise.all([import("undici"), import("node:tls")]);
  const stall = init.stallTimeout ?? 30_000;
  const options = {
    headersTimeout: stall,
    bodyTimeout: stall,
    connect: {
      timeout: init.connectTimeout ?? 10_000,
      ...(init.ca === undefined ? {} : { ca: [...tls.getCACertificates("default"), ...init.ca] }),
    },
  };
  const direct = new undici.Agent(options);
  const { http, https, except } = init.proxy ?? {};
  if (http === undefined && https === undefined) return { undici, direct, proxied: direct };
  const proxied = new undici.EnvHttpProxyAgent({
    ...options,
    httpProxy: http ?? "",
    httpsProxy: https ?? "",
    noProxy: except ?? "",
  });
  return { undici, direct, proxied };
}
