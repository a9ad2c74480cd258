import { generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { V1CertificateSigningRequest } from "@kubernetes/client-node";
import type { FakeClock } from "@krustlet/testkit";
import { eventually } from "@krustlet/testkit";
import { buildCertificate, publicHalfOf } from "@krustlet/x509";
import { publicKeyOf } from "../src/build-certificate-request.ts";
import type { ApiServer } from "./api-server.ts";

const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const SIGNER_KEY = newKey();

/** What the controller manager signs: what is asked for, for a while, dated back. */
export interface SigningPolicy {
  readonly now: Date;
  readonly lifeMs: number;
  readonly backMs?: number;
  readonly nodeName?: string;
  /** Instead of a node's. */
  readonly user?: string;
  readonly names?: { readonly dns: readonly string[]; readonly ips: readonly string[] };
}

/** A certificate for the key of a request, or for a key. */
export function signedFor(of: V1CertificateSigningRequest | KeyObject, policy: SigningPolicy): string {
  const { now, lifeMs, backMs = 0, nodeName = "edge-1", names } = policy;
  const { user = `system:node:${nodeName}` } = policy;
  return buildCertificate({
    subject: { commonName: user, organization: "system:nodes" },
    issuer: { commonName: "signer" },
    publicKey: "spec" in of ? publicKeyOf(of)! : publicHalfOf(of),
    notBefore: new Date(now.getTime() - backMs),
    notAfter: new Date(now.getTime() + lifeMs),
    key: SIGNER_KEY,
    usages: ["clientAuth", "serverAuth"],
    ...names,
  });
}

/** Answers a request with a certificate. */
export function approve(api: ApiServer, name: string, policy: SigningPolicy): void {
  const request = api.requests.get(name)!;
  const certificate = Buffer.from(signedFor(request, policy)).toString("base64");
  api.requests.set(name, Object.assign({}, request, { status: { certificate } }));
}

/** Refuses a request. */
export function deny(api: ApiServer, name: string, type: "Denied" | "Failed" = "Denied"): void {
  const conditions = [{ type, status: "True", message: "not you" }];
  api.requests.set(name, Object.assign({}, api.requests.get(name), { status: { conditions } }));
}

/** Moves a clock on while what is measured by it also waits for real files. */
export async function advanceWithFiles(clock: FakeClock, ms: number): Promise<void> {
  const idle = (): Promise<void> =>
    eventually(
      () => clock.sleeping > 0,
      () => "nothing sleeps",
    );
  const steps = Math.ceil(ms / 60_000);
  for (let step = 0; step < steps; step += 1) {
    await idle();
    await turn();
    await clock.advance(Math.min(60_000, ms - step * 60_000));
  }
  await idle();
}
