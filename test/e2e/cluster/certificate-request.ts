import { generateKeyPairSync, randomUUID } from "node:crypto";
import { buildCertificationRequest } from "@krustlet/x509";

/** A CertificateSigningRequest for a client's certificate, as a node makes it. */
export function certificateRequest(user: string): { readonly metadata: { readonly name: string } } {
  const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const request = buildCertificationRequest({
    subject: { commonName: user, organization: "system:nodes" },
    key,
  });
  const object = {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: `csr-${randomUUID()}` },
    spec: {
      request: Buffer.from(request).toString("base64"),
      signerName: "kubernetes.io/kube-apiserver-client-kubelet",
      usages: ["digital signature", "client auth"],
    },
  };
  return object;
}
