import type { IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { isIP } from "node:net";

import { hostLookup } from "../wasmedge/host-lookup.ts";
import { targetAddressOf } from "../wasmedge/network-policy.ts";
import type { NetworkPolicy } from "../wasmedge/network-policy.ts";
import type { HttpAccess } from "@krustlet/interface";
import { hostOf, isAddressAllowed, isOriginAllowed } from "./http-access.ts";
import { failHttp, HTTP_CODE } from "./http-code.ts";
import { redirectedHeaders } from "./request-headers.ts";
import type { RequestHeaders } from "./request-headers.ts";

/** What a guest asks for. */
export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly body: Uint8Array;
}

/** What a request is sent with. */
export interface SendInit {
  readonly access: HttpAccess;
  /** The guest's network: requests come from its address, and what is forbidden there is here. */
  readonly network: NetworkPolicy;
  /** Gives up, and closes the connection. */
  readonly signal: AbortSignal;
}

const MOST_REDIRECTS = 10;
const HEADER_BYTES = 64 * 1024;

/**
 * Sends a request, and whatever requests its redirects ask for; resolves with the head of the answer. Each of them has to be
 * allowed, and goes to the very address that was looked at. Rejects with an `HttpFailure`, or whatever the network says.
 */
export async function sendRequest(request: HttpRequest, init: SendInit): Promise<IncomingMessage> {
  let { headers, method, body } = request;
  let url = urlOf(request.url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const answer = await sendOnce({ method, headers, body }, url, init);
    const next = redirectOf(answer, url);
    if (next === undefined) return answer;
    answer.destroy();
    const isGet =
      answer.statusCode === 303 ? method !== "HEAD" : method === "POST" && (answer.statusCode ?? 0) < 307;
    if (isGet) [method, body] = ["GET", new Uint8Array()];
    headers = redirectedHeaders(headers, { sameOrigin: next.origin === url.origin, withBody: !isGet });
    url = next;
  }
  return failHttp(HTTP_CODE.REQUEST);
}

/** A URL of HTTP that names nobody's password. */
function urlOf(text: string): URL {
  const url = URL.parse(text);
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === null || !isHttp || url.hostname === "" || url.username !== "" || url.password !== "")
    return failHttp(HTTP_CODE.INVALID_URL);
  return url;
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return undefined;
  return urlOf(URL.parse(headers.location, from)?.href ?? "");
}

async function sendOnce(
  { method, headers, body }: Omit<HttpRequest, "url">,
  url: URL,
  { access, network, signal }: SendInit,
): Promise<IncomingMessage> {
  if (!isOriginAllowed(access, url)) return failHttp(HTTP_CODE.DESTINATION_NOT_ALLOWED);
  const isTls = url.protocol === "https:";
  const port = Number(url.port) || (isTls ? 443 : 80);
  const host = hostOf(url);
  const target = await targetOf(host, port, url, { access, network });
  signal.throwIfAborted();
  // Loaded by the first request: most guests send none.
  const { request } = isTls ? await import("node:https") : await import("node:http");
  return new Promise((resolve, reject) => {
    const sent = request({
      // An address, so that nothing is looked up once more and found elsewhere.
      host: target,
      port,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        ...Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, [...values]])),
        host: url.host,
        ...(body.length > 0 ? { "content-length": body.length } : {}),
      },
      setHost: false,
      localAddress: network.address,
      servername: isIP(host) === 0 ? host : "",
      agent: false,
      maxHeaderSize: HEADER_BYTES,
      signal,
    } satisfies RequestOptions);
    sent.once("response", resolve);
    sent.once("error", reject);
    sent.once("upgrade", (_answer, socket) => {
      socket.destroy();
      reject(new Error("the server wants to speak another protocol"));
    });
    sent.end(body);
  });
}

/** The address to connect to: of those that the host has, the first that the guest may reach. */
async function targetOf(
  host: string,
  port: number,
  url: URL,
  { access, network }: Pick<SendInit, "access" | "network">,
): Promise<string> {
  const addresses = isIP(host) === 0 ? await (network.lookup ?? hostLookup)(host) : [host];
  if (addresses.length === 0) failHttp(HTTP_CODE.REQUEST);
  for (const address of addresses) {
    if (!isAddressAllowed(access, url, address)) continue;
    try {
      return targetAddressOf(network, address, port, "tcp");
    } catch {
      // Of another family than the guest's own address, or forbidden.
    }
  }
  return failHttp(HTTP_CODE.DESTINATION_NOT_ALLOWED);
}
