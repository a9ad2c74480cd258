import type { KeyObject } from "node:crypto";
import { randomBytes } from "node:crypto";
import { KrustletError } from "@krustlet/interface";
import type { AlternativeNames } from "./alternative-names.ts";
import { alternativeNamesExtension } from "./alternative-names.ts";
import { bits, integer, octets, oid, sequence, smallInteger, time, TRUE } from "./asn1-types.ts";
import { der } from "./der.ts";
import { pemOf } from "./pem.ts";
import { assertP256, publicHalfOf, SIGNATURE_ALGORITHM, signedWith } from "./sign-with.ts";
import type { Subject } from "./subject.ts";
import { distinguishedName } from "./subject.ts";

/** What a certificate's key may be used for in TLS. */
export type CertificateUsage = "serverAuth" | "clientAuth";

const USAGE_OIDS: Readonly<Record<CertificateUsage, string>> = {
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
};

/** What every certificate is made of. */
export interface SelfSignedInit extends AlternativeNames {
  readonly subject: Subject;
  /** Valid from then, to the second. */
  readonly notBefore: Date;
  /** Valid until then, to the second. */
  readonly notAfter: Date;
  /** The signer's private key, P-256. */
  readonly key: KeyObject;
  /** Default: `["serverAuth"]`. */
  readonly usages?: readonly CertificateUsage[];
  /** Whether it may sign other certificates. Default: false. */
  readonly authority?: boolean;
  /** Sixteen random bytes at the most, the first from 1 to 127. Default: made at random. */
  readonly serialNumber?: Uint8Array;
}

/** What {@link buildCertificate} makes a certificate of; `key` is the issuer's. */
export interface CertificateInit extends SelfSignedInit {
  readonly issuer: Subject;
  /** The public key that is certified: SPKI, DER. */
  readonly publicKey: Buffer;
}

/**
 * Pure but for the signature and its serial number: a certificate (X.509 v3) that its own key signed, PEM.
 *
 * @throws KrustletError `InvalidField` for a key, a time, a name or an address that cannot be certified.
 */
export function buildSelfSignedCertificate(init: SelfSignedInit): string {
  assertP256(init.key);
  return buildCertificate({ ...init, issuer: init.subject, publicKey: publicHalfOf(init.key) });
}

/**
 * Pure but for the signature and its serial number: a certificate (X.509 v3) for somebody's public key, signed by an
 * issuer's, PEM.
 *
 * @throws KrustletError `InvalidField` as {@link buildSelfSignedCertificate}.
 */
export function buildCertificate(init: CertificateInit): string {
  const { notBefore, notAfter } = init;
  if (!(notBefore < notAfter)) {
    throw new KrustletError("InvalidField", "A certificate must begin before it ends.");
  }
  const body = sequence(
    der(0xa0, smallInteger(2)),
    integer(init.serialNumber ?? randomSerialNumber()),
    SIGNATURE_ALGORITHM,
    distinguishedName(init.issuer),
    sequence(time(notBefore), time(notAfter)),
    distinguishedName(init.subject),
    init.publicKey,
    der(0xa3, sequence(...extensionsOf(init))),
  );
  return pemOf("CERTIFICATE", signedWith(init.key, body));
}

/** RFC 5280 §4.2.1: keyUsage, extKeyUsage, basicConstraints, subjectAltName. */
function extensionsOf(init: CertificateInit): Buffer[] {
  const { usages = ["serverAuth"], authority = false } = init;
  const names = alternativeNamesExtension(init);
  // digitalSignature is bit 0, keyCertSign bit 5.
  const keyUsage = authority ? bits(Buffer.from([0x84]), 2) : bits(Buffer.from([0x80]), 7);
  const extendedUsage = sequence(...usages.map((usage) => oid(USAGE_OIDS[usage])));
  return [
    sequence(oid("2.5.29.15"), TRUE, octets(keyUsage)),
    ...(usages.length === 0 ? [] : [sequence(oid("2.5.29.37"), octets(extendedUsage))]),
    sequence(oid("2.5.29.19"), TRUE, octets(sequence(...(authority ? [TRUE] : [])))),
    ...(names === undefined ? [] : [names]),
  ];
}

/** Positive and without leading zeros, as DER wants it. */
function randomSerialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}
