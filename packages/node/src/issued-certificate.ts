import { X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type {
  V1CertificateSigningRequest,
  V1CertificateSigningRequestCondition,
} from "@kubernetes/client-node";
import { KrustletError } from "@krustlet/interface";
import { publicHalfOf } from "@krustlet/x509";
import { publicKeyOf } from "./build-certificate-request.ts";

/** A certificate that was issued. */
export interface IssuedCertificate {
  /** The certificate, and those of its chain that the signer added: PEM. */
  readonly certificate: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The CertificateSigningRequest it came from. */
  readonly requestName: string;
}

/** Why a request will never be answered with a certificate; undefined where it may. */
export function refusalIn(
  request: V1CertificateSigningRequest,
): V1CertificateSigningRequestCondition | undefined {
  return request.status?.conditions?.find(({ type }) => type === "Denied" || type === "Failed");
}

/** Whether a request that is there asks for the same certificate with the same key. */
export function isSameRequest(
  existing: V1CertificateSigningRequest,
  wanted: V1CertificateSigningRequest,
): boolean {
  const theirs = publicKeyOf(existing);
  const ours = publicKeyOf(wanted);
  return (
    theirs !== undefined &&
    ours !== undefined &&
    theirs.equals(ours) &&
    existing.spec.signerName === wanted.spec.signerName &&
    JSON.stringify(existing.spec.usages?.toSorted()) === JSON.stringify(wanted.spec.usages?.toSorted())
  );
}

/**
 * The certificate that a request was answered with.
 *
 * @throws KrustletError `InvalidObject` where it is none, or another key's.
 */
export function issuedCertificateOf(request: V1CertificateSigningRequest, key: KeyObject): IssuedCertificate {
  const requestName = request.metadata?.name ?? "";
  const certificate = Buffer.from(request.status?.certificate ?? "", "base64").toString("utf8");
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch (cause) {
    const sentence = `What the request ${requestName} was answered with is no certificate.`;
    throw new KrustletError("InvalidObject", sentence, { cause });
  }
  if (!parsed.publicKey.export({ type: "spki", format: "der" }).equals(publicHalfOf(key))) {
    const sentence = `The certificate of request ${requestName} belongs to another key.`;
    throw new KrustletError("InvalidObject", sentence);
  }
  return { certificate, notBefore: parsed.validFromDate, notAfter: parsed.validToDate, requestName };
}
