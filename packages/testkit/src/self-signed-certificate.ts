import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { buildSelfSignedCertificate } from "@krustlet/x509";

/** A certificate for loopback that signs itself, and its key, both PEM. */
export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
  /** The certificate's DER, base64: what `x5c` of a token holds. */
  readonly der: string;
}

/** Makes a certificate for `127.0.0.1` and `localhost`, good for a day, that is its own authority (X.509 v3, P-256). */
export function selfSignedCertificate(now: Date = new Date()): SelfSigned {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const day = 86_400_000;
  const certificate = buildSelfSignedCertificate({
    subject: { commonName: "krustlet test" },
    dns: ["localhost"],
    ips: ["127.0.0.1"],
    notBefore: new Date(now.getTime() - day),
    notAfter: new Date(now.getTime() + day),
    key: privateKey,
    authority: true,
  });
  return {
    certificate,
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    der: new X509Certificate(certificate).raw.toString("base64"),
  };
}
