import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

import type { UserInfo } from "./user-info.ts";

const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/gu;
const LONGEST_CHAIN = 8;

/** The certificates in a PEM text. @throws Error where one cannot be read. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  return (pem.match(PEM) ?? []).map((each) => new X509Certificate(each));
}

/**
 * Whom the client certificate of a connection names: common name and organizations. Undefined for a connection
 * without one, or with one that does not count (any more): the handshake has checked it for the authorities of then, and
 * a connection may outlive them and the certificate.
 */
export function certificateUserOf(
  socket: TLSSocket,
  authorities: readonly X509Certificate[],
  now: Date,
): UserInfo | undefined {
  if (!socket.authorized || authorities.length === 0) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined || !isInTime(certificate, now)) return undefined;
  return isIssuedBy(certificate, authorities) ? userOf(certificate) : undefined;
}

function isInTime({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate;
}

/** Whether one of the authorities signed the certificate, or one of those above it that came with it. */
function isIssuedBy(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  let link = certificate;
  for (let length = 0; length < LONGEST_CHAIN; length += 1) {
    if (authorities.some((authority) => isSignedBy(link, authority))) return true;
    const above = link.issuerCertificate;
    if (above === undefined || !isSignedBy(link, above)) return false;
    link = above;
  }
  return false;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** A certificate with several common names, or none, names nobody. */
function userOf(certificate: X509Certificate): UserInfo | undefined {
  const { CN: name, O: organizations } = certificate.toLegacyObject().subject as Partial<
    Record<"CN" | "O", string | string[]>
  >;
  if (typeof name !== "string" || name === "") return undefined;
  const groups = typeof organizations === "string" ? [organizations] : (organizations ?? []);
  return { username: name, groups };
}
