import { createPrivateKey, X509Certificate } from "node:crypto";
import { KrustletError } from "@krustlet/interface";
import type { Cancellable } from "@krustlet/interface";
import type { Dispatcher } from "undici";
import { apiErrorOf } from "./api-error.ts";
import { callWithin } from "./call-within.ts";
import { createCallLanes } from "./create-call-lanes.ts";
import { connectionErrorOf } from "./connection-error.ts";
import { jsonOf } from "./json-of.ts";
import type { ClientCertificate, Kube, KubeCall } from "./kube.ts";
import type { Access, TlsOptions } from "./load-credentials.ts";
import { loadCredentials } from "./load-credentials.ts";
import type { Connections } from "./open-connections.ts";
import { openConnections } from "./open-connections.ts";
import { createReachability } from "./reachability.ts";
import { bytesOf, textOf } from "./read-answer.ts";
import { systemClock } from "@krustlet/clock";
import type { RateLimit } from "./token-bucket.ts";

/** Options of {@link openKube}. */
export interface OpenKubeOptions extends Cancellable {
  /** A kubeconfig's path, or what its YAML says. Its current context is used. */
  readonly kubeconfig: string | object;
  /** What the API server logs as the client. Default `krustlet`. */
  readonly userAgent?: string;
  /** Milliseconds until a call is given up. Default 15,000. */
  readonly callTimeoutMs?: number;
  /** `kubeAPIQPS` and `kubeAPIBurst`: of calls that are not urgent. Default: none, the API server protects itself. */
  readonly limit?: RateLimit | undefined;
}

/** Credentials that change by themselves are asked for again after so long: plugins and files cache on their own. */
const ACCESS_AGE_MS = 5000;

/**
 * Opens the way to an API server; the first connection is made by the first call. The signal, if any, closes it.
 *
 * @throws KrustletError `InvalidKubeconfig`
 */
export async function openKube(options: OpenKubeOptions): Promise<Kube> {
  const credentials = await loadCredentials(options.kubeconfig);
  const { context } = credentials;
  const { origin, pathname } = context.server;
  const prefix = pathname.replace(/\/+$/, "");
  const server = `${origin}${prefix}`;
  const callTimeoutMs = options.callTimeoutMs ?? 15_000;
  const agent = options.userAgent ?? "krustlet";
  const lanes = createCallLanes({ clock: systemClock, limit: options.limit });
  const reachability = createReachability();
  let access = await credentials.access();
  let accessAt = performance.now();
  let replaced: TlsOptions = {};
  let connections = openConnections(origin, access.tls, context.cluster["proxy-url"]);
  /** Connections of an earlier client certificate on which calls are being finished. */
  const retiring = new Set<Dispatcher>();
  let closed = false;

  function useAccess(next: Access): void {
    const before = { ...access.tls, ...replaced };
    access = next;
    accessAt = performance.now();
    const after = { ...next.tls, ...replaced };
    if (before.cert !== after.cert || before.key !== after.key || before.ca !== after.ca) reconnect();
  }

  /** What we have stays good where there is nothing new: whether it still is, is the API server's to say. */
  async function renewAccess(): Promise<void> {
    accessAt = performance.now();
    const next = await credentials.access().catch(() => undefined);
    if (next !== undefined) useAccess(next);
  }

  function reconnect(): void {
    if (closed) return;
    const old = connections;
    connections = openConnections(origin, { ...access.tls, ...replaced }, context.cluster["proxy-url"]);
    retiring.add(old.calls);
    const ended = Promise.allSettled([old.calls.close(), old.streams.destroy()]);
    void ended.then(() => retiring.delete(old.calls));
  }

  async function send(
    call: KubeCall,
    by: keyof Connections,
    limits: Pick<Dispatcher.RequestOptions, "headersTimeout" | "bodyTimeout">,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    if (credentials.changing && performance.now() - accessAt > ACCESS_AGE_MS) await renewAccess();
    const method = call.method ?? "GET";
    const headers: Record<string, string> = {
      "user-agent": agent,
      accept: "application/json",
      ...access.headers,
    };
    if (call.body !== undefined) {
      headers["content-type"] =
        method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
    }
    const answer = await connections[by].request({
      path: `${prefix}${call.path}${queryOf(call.query)}`,
      origin,
      method,
      headers,
      body: call.body === undefined ? null : jsonOf(call.body),
      signal,
      ...limits,
    });
    // Whoever reads it is told of its failure; until then it is nobody's, and must not end the process.
    answer.body.on("error", () => undefined);
    return answer;
  }

  /** Sends, once more where the credentials were not believed and others may be had. */
  async function answered(
    call: KubeCall,
    by: keyof Connections,
    limits: Pick<Dispatcher.RequestOptions, "headersTimeout" | "bodyTimeout">,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    if (closed) throw new KrustletError("ApiServerUnavailable", `The way to ${server} is closed.`);
    const answer = await send(call, by, limits, signal);
    if (answer.statusCode === 401 && credentials.changing) {
      await answer.body.dump();
      credentials.forget();
      await renewAccess();
      return send(call, by, limits, signal);
    }
    return answer;
  }

  async function ok(call: KubeCall, answer: Dispatcher.ResponseData): Promise<Dispatcher.ResponseData> {
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    const retryAfter = answer.headers["retry-after"];
    const body = await textOf(answer.body, "short");
    throw apiErrorOf(nameOf(call), answer.statusCode, body, retryAfter?.toString());
  }

  async function wholeAnswer(call: KubeCall, timeoutMs: number, signal: AbortSignal): Promise<never> {
    const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
    const answer = await ok(call, await answered(call, "calls", limits, signal));
    const text = await textOf(answer.body, "whole");
    try {
      return JSON.parse(text) as never;
    } catch (cause) {
      const sentence = `${nameOf(call)}: what the API server ${server} answered is no JSON.`;
      throw new KrustletError("ApiServerUnavailable", sentence, { cause, retryable: true });
    }
  }

  const kube: Kube = {
    server,
    reachable$: reachability.again$,
    request: (call, { signal, timeoutMs = callTimeoutMs, priority = "normal", since } = {}) => {
      const run = async (): Promise<never> => {
        try {
          const answer = await callWithin({ call: nameOf(call), server, signal, timeoutMs }, (signal) =>
            wholeAnswer(call, timeoutMs, signal),
          );
          reachability.answered();
          return answer;
        } catch (error) {
          // Who does not wait for the answer any more knows nothing of the API server.
          if (signal?.aborted !== true) reachability.failed(error);
          throw error;
        }
      };
      return lanes.run(priority, run, { since, ...(signal !== undefined && { signal }) });
    },
    open: async (call, { signal, silentAfterMs }) => {
      const end = new AbortController();
      const abort = (): void => end.abort(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      const done = (): void => signal?.removeEventListener("abort", abort);
      try {
        const answer = await callWithin(
          { call: nameOf(call), server, signal, timeoutMs: Math.max(callTimeoutMs, 1000) },
          async (inTime) => {
            inTime.addEventListener("abort", () => end.abort(inTime.reason), { once: true });
            const limits = { headersTimeout: callTimeoutMs, bodyTimeout: silentAfterMs };
            return ok(call, await answered(call, "streams", limits, end.signal));
          },
        );
        reachability.answered();
        return bytesOf(answer.body, (cause) => connectionErrorOf(cause, server, nameOf(call)), done);
      } catch (error) {
        done();
        throw error;
      }
    },
    replaceClientCertificate: (pair) => {
      checkPair(pair);
      replaced = { cert: pair.certificate, key: pair.key };
      reconnect();
    },
    close: async () => {
      if (closed) return;
      closed = true;
      options.signal?.removeEventListener("abort", onAbort);
      // What is destroyed already says so; it is closed all the same.
      const all = [connections.calls, connections.streams, ...retiring];
      await Promise.allSettled(all.map((one) => one.destroy()));
    },
    [Symbol.asyncDispose]: () => kube.close(),
  };
  const onAbort = (): void => void kube.close();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted === true) await kube.close();
  return kube;
}

function queryOf(query: KubeCall["query"]): string {
  if (query === undefined) return "";
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function nameOf({ method = "GET", path }: KubeCall): string {
  return `${method} ${path}`;
}

function checkPair({ certificate, key }: ClientCertificate): void {
  try {
    if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return;
  } catch (cause) {
    throw new KrustletError("InvalidObject", "The new client certificate or its key is no PEM.", { cause });
  }
  throw new KrustletError("InvalidObject", "The new client certificate belongs to another key.");
}
