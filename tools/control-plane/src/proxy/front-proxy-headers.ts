import type { IncomingHttpHeaders } from "node:http";
import type { PeerCertificate } from "node:tls";

/** Who a client certificate says that its bearer is. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

/** Pure: the user and the groups of a client certificate; undefined where there is none. */
export function identityOf(certificate: PeerCertificate | undefined): Identity | undefined {
  // Node gives an empty object where the client showed no certificate.
  const subject = certificate?.subject;
  const user = textsOf(subject?.CN)[0];
  return user === undefined ? undefined : { user, groups: textsOf(subject?.O) };
}

/**
 * Pure: the headers with which a front proxy passes a request on. Whoever names a user in headers of their own is not
 * heard: the API server believes the proxy.
 */
export function frontProxyHeaders(
  headers: IncomingHttpHeaders,
  identity: Identity | undefined,
): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !/^(?:x-remote-|host$|connection$)/i.test(name)) passed[name] = value;
  }
  if (identity === undefined) return passed;
  // With a certificate a token does not count, as it would not with the API server.
  delete passed["authorization"];
  return { ...passed, "x-remote-user": identity.user, "x-remote-group": [...identity.groups] };
}

function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.filter((entry): entry is string => typeof entry === "string");
  return typeof value === "string" ? [value] : [];
}
