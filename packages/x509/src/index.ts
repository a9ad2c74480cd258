/**
 * Certificates and certification requests for a node, P-256, built and read without a library.
 *
 * @example
 * ```ts
 * import { generateKeyPairSync, X509Certificate } from "node:crypto";
 * import { buildSelfSignedCertificate } from "@krustlet/x509";
 *
 * const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
 * const pem = buildSelfSignedCertificate({
 *   subject: { commonName: "edge-1" },
 *   dns: ["edge-1"],
 *   ips: ["192.0.2.10"],
 *   notBefore: new Date("2026-01-01"),
 *   notAfter: new Date("2027-01-01"),
 *   key: privateKey,
 * });
 * new X509Certificate(pem).checkIP("192.0.2.10"); // "192.0.2.10"
 * ```
 *
 * @packageDocumentation
 */
export type { AlternativeNames } from "./alternative-names.ts";
export { buildCertificate, buildSelfSignedCertificate } from "./build-certificate.ts";
export type { CertificateInit, CertificateUsage, SelfSignedInit } from "./build-certificate.ts";
export { buildCertificationRequest, publicKeyOfRequest } from "./build-certification-request.ts";
export type { CertificationRequestInit } from "./build-certification-request.ts";
export { publicHalfOf } from "./sign-with.ts";
export type { Subject } from "./subject.ts";
