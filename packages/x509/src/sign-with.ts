import type { KeyObject } from "node:crypto";
import { createPublicKey, sign } from "node:crypto";
import { KrustletError } from "@krustlet/interface";
import { bits, oid, sequence } from "./asn1-types.ts";

/** ecdsa-with-SHA256, RFC 5758. */
export const SIGNATURE_ALGORITHM: Buffer = sequence(oid("1.2.840.10045.4.3.2"));

/** A private key's public half: SPKI, DER. */
export function publicHalfOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/**
 * `body` with its signature: what a certificate and a request both are.
 *
 * @throws KrustletError `InvalidField` for a key that is no private P-256 key.
 */
export function signedWith(key: KeyObject, body: Buffer): Buffer {
  assertP256(key);
  return sequence(body, SIGNATURE_ALGORITHM, bits(sign("sha256", body, key)));
}

/** @throws KrustletError `InvalidField` for a key that is no private P-256 key. */
export function assertP256(key: KeyObject): void {
  if (key.type === "private" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") return;
  throw new KrustletError("InvalidField", "The key of a certificate must be a private P-256 key.");
}
