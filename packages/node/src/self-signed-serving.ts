import { generateKeyPair } from "node:crypto";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { buildSelfSignedCertificate } from "@krustlet/x509";
import type { StoredCertificate } from "./node-key.ts";

const generate = promisify(generateKeyPair);
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

/** A serving certificate that nobody vouches for, with a new key: what a node serves with until it is issued one. */
export async function selfSignedServing(
  nodeName: string,
  addresses: readonly string[],
  now: Date,
): Promise<StoredCertificate> {
  const { privateKey: key } = await generate("ec", { namedCurve: "P-256" });
  const names = addresses.filter((address) => isIP(address) === 0);
  const notBefore = new Date(now.getTime() - HOUR_MS);
  const notAfter = new Date(now.getTime() + YEAR_MS);
  const certificate = buildSelfSignedCertificate({
    subject: { commonName: nodeName },
    dns: names.length > 0 ? names : [nodeName],
    ips: addresses.filter((address) => isIP(address) !== 0),
    notBefore,
    notAfter,
    key,
  });
  return { certificate, key, notBefore, notAfter };
}
