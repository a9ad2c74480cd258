import { generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { buildCertificate, buildSelfSignedCertificate, publicHalfOf } from "@krustlet/x509";
import type { CertificateUsage } from "@krustlet/x509";

const DAY_MS = 86_400_000;

/** A key and a certificate for it, PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** What a test's authority signs. */
interface IdentityInit {
  readonly name: string;
  readonly group?: string;
  /** Default: `clientAuth`. */
  readonly usage?: CertificateUsage;
  readonly notAfter?: Date;
}

/** An authority that signs certificates for tests. */
export interface Authority {
  readonly pem: string;
  sign(init: IdentityInit): Identity;
}

/** A new authority, good from yesterday until tomorrow. */
export function newAuthority(commonName: string = "test authority"): Authority {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = { commonName };
  const notBefore = new Date(Date.now() - DAY_MS);
  const tomorrow = new Date(Date.now() + DAY_MS);
  return {
    pem: buildSelfSignedCertificate({
      subject: issuer,
      notBefore,
      notAfter: tomorrow,
      key: privateKey,
      usages: [],
      authority: true,
    }),
    sign: ({ name, group, usage = "clientAuth", notAfter = tomorrow }) => {
      const own = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
      const cert = buildCertificate({
        subject: { commonName: name, organization: group },
        issuer,
        key: privateKey,
        publicKey: publicHalfOf(own),
        ips: ["127.0.0.1"],
        usages: [usage],
        notBefore,
        notAfter,
      });
      return { key: pemOf(own), cert };
    },
  };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}
