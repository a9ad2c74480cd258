import { isKrustletError } from "@krustlet/interface";
import type { CertificateUse } from "./build-certificate-request.ts";
import { doubling } from "./call-within.ts";
import { certificateFilesOf } from "./certificate-files.ts";
import { certificateSatisfies } from "./certificate-satisfies.ts";
import type { DoerOptions } from "./doer-options.ts";
import { doingOf } from "./doer-options.ts";
import type { NodeClient } from "./node-client.ts";
import type { StoredCertificate } from "./node-key.ts";
import { planCertificateRotation } from "./plan-certificate-rotation.ts";
import type { IssuedCertificate, RequestCertificateOptions } from "./request-certificate.ts";
import { requestCertificate } from "./request-certificate.ts";
import { selfSignedServing } from "./self-signed-serving.ts";

/** A certificate to use from now on. */
export interface NodeCertificate {
  /** PEM; the node's own certificate first. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** `stored`: found on disk; `self-signed`: a serving certificate until one is issued. */
  readonly from: "stored" | "issued" | "self-signed";
}

/** Options of {@link keepCertificate}. */
export interface KeepCertificateOptions extends DoerOptions, Pick<RequestCertificateOptions, "onPending"> {
  readonly use: CertificateUse;
  readonly nodeName: string;
  /** Where the certificates and keys are kept, such as `/var/lib/krustlet/pki`. */
  readonly directory: string;
  /** Of a serving certificate: the node's names and addresses, asked every minute. While there are none, none is asked for. */
  readonly addresses?: () => readonly string[];
  /** False: none is asked for; a serving certificate that is not on disk is self-signed for good. Default: true. */
  readonly request?: boolean;
  /** How long a certificate should be good; the signer may shorten it. At least 600. */
  readonly expirationSeconds?: number;
  /** Told each certificate that is to be used from now on; the first one as soon as there is any. */
  readonly onCertificate: (certificate: NodeCertificate) => void;
}

/** Long sleeps are cut: addresses change, clocks jump, and Node's timers end at 25 days. */
const TICK_MS = 60_000;
/** A person or a signer said no: that does not change within seconds. */
const DENIED_WAIT_MS = 10 * 60_000;

/**
 * Keeps a node's certificate good until the signal is aborted: then it resolves. The one on disk is told first; a new one
 * is asked for, with a new key, where there is none, where it is not for the node's name and addresses, and after 70 to
 * 90 % of its life. Until a serving certificate is issued a self-signed one is told. Nothing ends it: a failure is told to
 * `onFailure` and followed by another try after 2 s to 32 s, a denial by one after ten minutes. What a kill leaves, of
 * files and of requests, is taken up.
 *
 * @param clientOf - whom to ask, for each request; told whether the node has a certificate that is still good, since a
 * client certificate that is over cannot ask for the next one
 */
export async function keepCertificate(
  clientOf: (current: "good" | "none") => NodeClient | Promise<NodeClient>,
  options: KeepCertificateOptions,
): Promise<void> {
  const { use, nodeName, directory, expirationSeconds } = options;
  const doing = doingOf(options);
  const { clock, random, signal, onFailure } = doing;
  const files = certificateFilesOf(directory, use);
  let current: StoredCertificate | undefined;
  let rotateAt = new Date(0);
  let selfSigned:
    | { readonly stored: StoredCertificate; readonly names: readonly string[]; readonly until: Date }
    | undefined;
  let told: StoredCertificate | undefined;
  try {
    await load();
    for (let waits = doubling(2000, 32_000); ;) {
      await offer();
      if (!isDue()) {
        const left = rotateAt.getTime() - clock.now().getTime();
        await clock.sleep(left > 0 ? Math.min(TICK_MS, left) : TICK_MS, { signal });
        continue;
      }
      try {
        await renew();
        waits = doubling(2000, 32_000);
      } catch (error) {
        signal.throwIfAborted();
        onFailure(error);
        // What was refused, or answered with what is of no use, is so for good: it takes another key to ask again.
        if (isKrustletError(error) && !error.retryable) await files.dropPendingKey().catch(onFailure);
        const denied = isKrustletError(error, "CertificateDenied") && !error.retryable;
        await pause(denied ? DENIED_WAIT_MS : waits.next().value);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }

  function addresses(): readonly string[] {
    return use === "serving" ? (options.addresses?.() ?? []) : [];
  }

  function isGood(certificate: StoredCertificate | undefined): certificate is StoredCertificate {
    return certificate !== undefined && certificate.notAfter > clock.now();
  }

  function isDue(): boolean {
    if (options.request === false || (use === "serving" && addresses().length === 0)) return false;
    if (!isGood(current) || clock.now() >= rotateAt) return true;
    return !certificateSatisfies(current.certificate, nodeName, addresses());
  }

  async function load(): Promise<void> {
    try {
      const stored = await files.load();
      // Somebody else's client certificate would make the node somebody else.
      if (stored === undefined || !certificateSatisfies(stored.certificate, nodeName, [])) return;
      current = stored;
      rotateAt = planCertificateRotation(stored.notBefore, stored.notAfter, random());
    } catch (error) {
      onFailure(error);
    }
  }

  /** Tells the certificate that is to be used now, where it is not the one that was told. */
  async function offer(from: NodeCertificate["from"] = "stored"): Promise<void> {
    if (isGood(current)) return tell(current, from);
    if (use === "client") return;
    const now = clock.now();
    const names = addresses();
    if (selfSigned === undefined || !sameList(selfSigned.names, names) || now >= selfSigned.until) {
      const stored = await selfSignedServing(nodeName, names, now);
      const until = planCertificateRotation(stored.notBefore, stored.notAfter, random());
      selfSigned = { stored, names, until };
    }
    tell(selfSigned.stored, "self-signed");
  }

  function tell(stored: StoredCertificate, from: NodeCertificate["from"]): void {
    if (told === stored) return;
    told = stored;
    const { certificate, notBefore, notAfter } = stored;
    const key = stored.key.export({ type: "pkcs8", format: "pem" });
    options.onCertificate({ certificate, key, notBefore, notAfter, from });
  }

  /** Waits, and looks meanwhile at what a certificate that is over asks for. */
  async function pause(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= TICK_MS) {
      await clock.sleep(Math.min(left, TICK_MS), { signal });
      await offer();
    }
  }

  async function renew(): Promise<void> {
    const wanted = addresses();
    const key = await keyToCertify();
    const client = await clientOf(isGood(current) ? "good" : "none");
    const over = new AbortController();
    const ends = AbortSignal.any([signal, over.signal]);
    const lifetime = expirationSeconds === undefined ? {} : { expirationSeconds };
    const asking = requestCertificate(
      client,
      { use, nodeName, key, addresses: wanted, ...lifetime },
      { ...options, signal: ends },
    );
    asking.catch(() => {});
    let issued: IssuedCertificate | undefined;
    try {
      // What is asked for may be no longer what is needed.
      while (issued === undefined && sameList(addresses(), wanted)) {
        await offer();
        issued = (await Promise.race([asking, clock.sleep(TICK_MS, { signal: ends })])) ?? undefined;
      }
    } finally {
      over.abort();
    }
    if (issued !== undefined) await adopt({ ...issued, key });
  }

  /** A key that no certificate of this node has: a kill may have left the current one's. */
  async function keyToCertify(): Promise<StoredCertificate["key"]> {
    const key = await files.pendingKey();
    if (current?.key.equals(key) !== true) return key;
    await files.dropPendingKey();
    return files.pendingKey();
  }

  async function adopt(issued: StoredCertificate): Promise<void> {
    const now = clock.now();
    const from = issued.notBefore > now ? issued.notBefore : now;
    current = issued;
    rotateAt = planCertificateRotation(from, issued.notAfter, random());
    await offer("issued");
    await files.store(issued.certificate, issued.key, now);
    await files.dropPendingKey();
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
