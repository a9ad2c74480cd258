import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

/** Whether a certificate is a node's own, and good for all of these names and addresses. */
export function certificateSatisfies(pem: string, nodeName: string, addresses: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  const subject = certificate.subject.split("\n");
  return (
    subject.includes(`CN=system:node:${nodeName}`) &&
    subject.includes("O=system:nodes") &&
    addresses.every((address) =>
      isIP(address) === 0
        ? certificate.checkHost(address, { subject: "never", wildcards: false }) !== undefined
        : certificate.checkIP(address) !== undefined,
    )
  );
}
