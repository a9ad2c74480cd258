import type { KeyObject } from "node:crypto";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { buildCertificate, buildSelfSignedCertificate, publicHalfOf } from "@krustlet/x509";

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Who a certificate is for. */
export interface CertificateInit {
  /** The user, to the API server; or the server's name. */
  readonly commonName: string;
  /** The user's group. */
  readonly organization?: string;
  /** A server's names and addresses. Absent: the certificate is a client's. */
  readonly hosts?: readonly string[];
  /** Good from when. Default: an hour ago. */
  readonly notBefore?: Date;
  /** Good until when. Default: in a year. */
  readonly notAfter?: Date;
}

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** Makes a certificate authority, good for ten years. */
export function createAuthority(commonName: string): KeyPair {
  const key = newKey();
  const now = Date.now();
  const certificate = buildSelfSignedCertificate({
    subject: { commonName },
    notBefore: new Date(now - HOUR),
    notAfter: new Date(now + 10 * YEAR),
    key,
    usages: [],
    authority: true,
  });
  return { certificate, key: pemOf(key) };
}

/** Has an authority, one of {@link createAuthority}, issue a certificate for a new key. */
export function issueCertificate(authority: KeyPair, init: CertificateInit): KeyPair {
  const { commonName, organization, hosts } = init;
  const key = newKey();
  const now = Date.now();
  const certificate = buildCertificate({
    subject: { commonName, organization },
    issuer: { commonName: commonNameOf(authority) },
    publicKey: publicHalfOf(key),
    key: createPrivateKey(authority.key),
    notBefore: init.notBefore ?? new Date(now - HOUR),
    notAfter: init.notAfter ?? new Date(now + YEAR),
    usages: [hosts === undefined ? "clientAuth" : "serverAuth"],
    dns: hosts?.filter((host) => isIP(host) === 0),
    ips: hosts?.filter((host) => isIP(host) !== 0),
  });
  return { certificate, key: pemOf(key) };
}

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}

function commonNameOf({ certificate }: KeyPair): string {
  return new X509Certificate(certificate).subject.replace(/^CN=/, "");
}
