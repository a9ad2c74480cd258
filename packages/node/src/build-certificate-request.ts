import type { KeyObject } from "node:crypto";
import { createHash, createPublicKey, sign } from "node:crypto";
import { isIP } from "node:net";
import type { V1CertificateSigningRequest } from "@kubernetes/client-node";
import { KrustletError } from "@krustlet/interface";
import { der, readDer } from "./der.ts";
import { isSubdomain } from "./label-syntax.ts";

/** What a node's certificate is for: to be known to the API server, or to serve the kubelet's own API. */
export type CertificateUse = "client" | "serving";

/** What {@link buildCertificateRequest} makes a request of. */
export interface CertificateRequestInit {
  readonly use: CertificateUse;
  readonly nodeName: string;
  /** The node's private key, P-256. */
  readonly key: KeyObject;
  /** Of a serving certificate: the node's names and IP addresses, exactly those in its Node object. */
  readonly addresses?: readonly string[];
  /** How long the certificate should be good; the signer may shorten it. At least 600. */
  readonly expirationSeconds?: number;
}

const SIGNERS: Readonly<Record<CertificateUse, string>> = {
  client: "kubernetes.io/kube-apiserver-client-kubelet",
  serving: "kubernetes.io/kubelet-serving",
};
const USAGES: Readonly<Record<CertificateUse, readonly string[]>> = {
  client: ["digital signature", "client auth"],
  serving: ["digital signature", "server auth"],
};

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));

const ORGANIZATION = oid(0x55, 0x04, 0x0a);
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const SUBJECT_ALT_NAME = oid(0x55, 0x1d, 0x11);
const EXTENSION_REQUEST = oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e);
const ECDSA_WITH_SHA256 = oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);

/**
 * Pure but for the signature: the CertificateSigningRequest of a node. Its name, `node-csr-<hash>`, is made of all that
 * is asked for and of the key, so that a node which asks again after a restart finds its own request, never another's.
 *
 * @throws KrustletError `InvalidField` for a name, an address or a key that no such certificate can have.
 */
export function buildCertificateRequest(init: CertificateRequestInit): V1CertificateSigningRequest {
  const { use, nodeName, key, expirationSeconds } = init;
  if (!isSubdomain(nodeName))
    throw invalid(`The node's name ${JSON.stringify(nodeName)} is no DNS subdomain`);
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw invalid("The node's key is no P-256 key");
  const addresses = use === "serving" ? [...new Set(init.addresses)] : [];
  if (use === "serving" && addresses.length === 0) {
    throw invalid(`A serving certificate of node ${nodeName} needs an address`);
  }
  const request = pkcs10(`system:node:${nodeName}`, addresses, key);
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: nameOf(init, addresses) },
    spec: {
      request: Buffer.from(pemOf("CERTIFICATE REQUEST", request)).toString("base64"),
      signerName: SIGNERS[use],
      usages: [...USAGES[use]],
      ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
    },
  };
}

/** The public key (SPKI, DER) in a CertificateSigningRequest; undefined where it holds no PKCS#10 request. */
export function publicKeyOf(request: V1CertificateSigningRequest): Buffer | undefined {
  const pem = Buffer.from(request.spec.request, "base64").toString("latin1");
  const body = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem)?.[1];
  if (body === undefined) return undefined;
  try {
    const [whole] = readDer(Buffer.from(body, "base64"));
    const [info] = readDer(whole?.content ?? Buffer.alloc(0));
    // version, subject, subjectPublicKeyInfo, attributes
    return readDer(info?.content ?? Buffer.alloc(0))[2]?.whole;
  } catch {
    return undefined;
  }
}

/** A private key's public half, SPKI, DER. */
export function publicHalfOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** A certification request (RFC 2986), signed. */
function pkcs10(commonName: string, addresses: readonly string[], key: KeyObject): Buffer {
  const subject = sequence(
    set(sequence(ORGANIZATION, utf8("system:nodes"))),
    set(sequence(COMMON_NAME, utf8(commonName))),
  );
  const names = sequence(...addresses.map(generalName));
  const extensions = sequence(sequence(SUBJECT_ALT_NAME, der(0x04, names)));
  const attributes = addresses.length === 0 ? [] : [sequence(EXTENSION_REQUEST, set(extensions))];
  const version = der(0x02, Buffer.from([0]));
  const info = sequence(version, subject, publicHalfOf(key), der(0xa0, ...attributes));
  const signature = sign("sha256", info, key);
  return sequence(info, sequence(ECDSA_WITH_SHA256), der(0x03, Buffer.from([0]), signature));
}

/** RFC 5280 §4.2.1.6: `dNSName [2]`, `iPAddress [7]`. */
function generalName(address: string): Buffer {
  const family = isIP(address);
  if (family !== 0) return der(0x87, addressBytes(address, family));
  if (!isSubdomain(address))
    throw invalid(`The address ${JSON.stringify(address)} is neither a name nor an IP address`);
  return der(0x82, Buffer.from(address));
}

function addressBytes(address: string, family: number): Buffer {
  if (family === 4) return Buffer.from(address.split(".").map(Number));
  // The URL parser writes an IPv6 address in its one canonical form, all of it in hexadecimal.
  const canonical = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...before, ...zeros, ...after].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  }
  return bytes;
}

function nameOf({ use, nodeName, key }: CertificateRequestInit, addresses: readonly string[]): string {
  const asked = [publicHalfOf(key).toString("base64"), SIGNERS[use], nodeName, ...addresses.toSorted()];
  return `node-csr-${createHash("sha512-256").update(JSON.stringify(asked)).digest("hex")}`;
}

function pemOf(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

function invalid(sentence: string): KrustletError {
  return new KrustletError("InvalidField", `${sentence}.`);
}
