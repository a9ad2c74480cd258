import { failHttp, HTTP_CODE } from "./http-code.ts";

/** What belongs to the connection, and is the host's to say. */
const OF_THE_HOST = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
const VALUE = /^[\t\x20-\x7E\x80-\u00FF]*$/u;

/** Headers by name, lower-case. */
export type RequestHeaders = Readonly<Record<string, readonly string[]>>;

/**
 * The headers that a guest gave, one `name:value` a line. Those that frame the message or name its host are left out: two
 * readers of one connection must not be made to disagree. A line that is no header is `INVALID_ENCODING`.
 */
export function parseRequestHeaders(text: string): RequestHeaders {
  const headers = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (!NAME.test(name) || !VALUE.test(value)) failHttp(HTTP_CODE.INVALID_ENCODING);
    if (OF_THE_HOST.has(name)) continue;
    headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  return Object.fromEntries(headers);
}

/** Headers that are for one origin's eyes. */
const SECRETS = new Set(["authorization", "cookie"]);

/** Those of them that go along to another origin, and with a body or without. */
export function redirectedHeaders(
  headers: RequestHeaders,
  { sameOrigin, withBody }: { readonly sameOrigin: boolean; readonly withBody: boolean },
): RequestHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => (sameOrigin || !SECRETS.has(name)) && (withBody || !name.startsWith("content-")),
    ),
  );
}
