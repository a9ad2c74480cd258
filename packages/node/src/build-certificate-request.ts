import type { KeyObject } from "node:crypto";
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import type { V1CertificateSigningRequest } from "@kubernetes/client-node";
import { KrustletError } from "@krustlet/interface";
import { buildCertificationRequest, publicHalfOf, publicKeyOfRequest } from "@krustlet/x509";
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
  const request = buildCertificationRequest({
    subject: { commonName: `system:node:${nodeName}`, organization: "system:nodes" },
    dns: addresses.filter((address) => isIP(address) === 0),
    ips: addresses.filter((address) => isIP(address) !== 0),
    key,
  });
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: nameOf(init, addresses) },
    spec: {
      request: Buffer.from(request).toString("base64"),
      signerName: SIGNERS[use],
      usages: [...USAGES[use]],
      ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
    },
  };
}

/** The public key (SPKI, DER) in a CertificateSigningRequest; undefined where it holds no PKCS#10 request. */
export function publicKeyOf(request: V1CertificateSigningRequest): Buffer | undefined {
  return publicKeyOfRequest(Buffer.from(request.spec.request, "base64").toString("latin1"));
}

function nameOf({ use, nodeName, key }: CertificateRequestInit, addresses: readonly string[]): string {
  const asked = [publicHalfOf(key).toString("base64"), SIGNERS[use], nodeName, ...addresses.toSorted()];
  return `node-csr-${createHash("sha512-256").update(JSON.stringify(asked)).digest("hex")}`;
}

function invalid(sentence: string): KrustletError {
  return new KrustletError("InvalidField", `${sentence}.`);
}
