import type { KeyObject } from "node:crypto";
import type { AlternativeNames } from "./alternative-names.ts";
import { alternativeNamesExtension } from "./alternative-names.ts";
import { oid, sequence, set, smallInteger } from "./asn1-types.ts";
import { der, readDer } from "./der.ts";
import { bytesOfPem, pemOf } from "./pem.ts";
import { assertP256, publicHalfOf, signedWith } from "./sign-with.ts";
import type { Subject } from "./subject.ts";
import { distinguishedName } from "./subject.ts";

const LABEL = "CERTIFICATE REQUEST";

/** What {@link buildCertificationRequest} asks for. */
export interface CertificationRequestInit extends AlternativeNames {
  readonly subject: Subject;
  /** The private key, P-256, whose public half is to be certified. */
  readonly key: KeyObject;
}

/**
 * Pure but for the signature: a certification request (PKCS #10, RFC 2986), PEM.
 *
 * @throws KrustletError `InvalidField` for a key, a name or an address that cannot be certified.
 */
export function buildCertificationRequest(init: CertificationRequestInit): string {
  assertP256(init.key);
  const names = alternativeNamesExtension(init);
  const extensionRequest = oid("1.2.840.113549.1.9.14");
  const attributes = names === undefined ? [] : [sequence(extensionRequest, set(sequence(names)))];
  const body = sequence(
    smallInteger(0),
    distinguishedName(init.subject),
    publicHalfOf(init.key),
    der(0xa0, ...attributes),
  );
  return pemOf(LABEL, signedWith(init.key, body));
}

/** The public key (SPKI, DER) that a request, anybody's, asks to have certified; undefined where it is no request. */
export function publicKeyOfRequest(pem: string): Buffer | undefined {
  const bytes = bytesOfPem(LABEL, pem);
  if (bytes === undefined) return undefined;
  try {
    const [whole] = readDer(bytes);
    const [body] = readDer(whole?.content ?? Buffer.alloc(0));
    // version, subject, subjectPublicKeyInfo, attributes
    return readDer(body?.content ?? Buffer.alloc(0))[2]?.whole;
  } catch {
    return undefined;
  }
}
