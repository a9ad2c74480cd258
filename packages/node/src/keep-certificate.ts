import { isKrustletError } from "@krustlet/interface";
import { doubling } from "./call-within.ts";
import { certificateFilesOf } from "./certificate-files.ts";
import { holdCurrentCertificate, sameList } from "./current-certificate.ts";
import { doingOf } from "./doer-options.ts";
import type { KeepCertificateOptions } from "./keep-certificate-options.ts";
import type { NodeClient } from "./node-client.ts";
import type { StoredCertificate } from "./node-key.ts";
import type { IssuedCertificate } from "./issued-certificate.ts";
import { requestCertificate } from "./request-certificate.ts";

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
  const { clock, signal, onFailure } = doingOf(options);
  const files = certificateFilesOf(directory, use);
  const current = holdCurrentCertificate(options, files);
  try {
    await current.load();
    for (let waits = doubling(2000, 32_000); ;) {
      await current.offer();
      if (!current.isDue()) {
        const left = current.dueIn();
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

  /** Waits, and looks meanwhile at what a certificate that is over asks for. */
  async function pause(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= TICK_MS) {
      await clock.sleep(Math.min(left, TICK_MS), { signal });
      await current.offer();
    }
  }

  async function renew(): Promise<void> {
    const addresses = current.addresses();
    const key = await keyToCertify();
    const client = await clientOf(current.good() === undefined ? "none" : "good");
    const over = new AbortController();
    const ends = AbortSignal.any([signal, over.signal]);
    const lifetime = expirationSeconds === undefined ? {} : { expirationSeconds };
    const init = { use, nodeName, key, addresses, ...lifetime };
    const asking = requestCertificate(client, init, { ...options, signal: ends });
    asking.catch(() => {});
    let issued: IssuedCertificate | undefined;
    try {
      // What is asked for may be no longer what is needed.
      while (issued === undefined && sameList(current.addresses(), addresses)) {
        await current.offer();
        issued = (await Promise.race([asking, clock.sleep(TICK_MS, { signal: ends })])) ?? undefined;
      }
    } finally {
      over.abort();
    }
    if (issued === undefined) return;
    current.adopt({ ...issued, key });
    await current.offer("issued");
    await files.store(issued.certificate, key, clock.now());
    await files.dropPendingKey();
  }

  /** A key that no certificate of this node has: a kill may have left the current one's. */
  async function keyToCertify(): Promise<StoredCertificate["key"]> {
    const key = await files.pendingKey();
    if (!current.hasKey(key)) return key;
    await files.dropPendingKey();
    return files.pendingKey();
  }
}
