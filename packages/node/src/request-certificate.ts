import type { V1CertificateSigningRequest } from "@kubernetes/client-node";
import { KrustletError } from "@krustlet/interface";
import type { CertificateRequestInit } from "./build-certificate-request.ts";
import { buildCertificateRequest } from "./build-certificate-request.ts";
import { callWithin, doubling, messageOf, untilDone } from "./call-within.ts";
import type { DoerOptions } from "./doer-options.ts";
import { doingOf } from "./doer-options.ts";
import type { IssuedCertificate } from "./issued-certificate.ts";
import { isSameRequest, issuedCertificateOf, refusalIn } from "./issued-certificate.ts";
import type { NodeClient } from "./node-client.ts";
import { apiStatusOf } from "./node-client.ts";

/** Options of {@link requestCertificate}. */
export interface RequestCertificateOptions extends DoerOptions {
  /** Told the request's name once it has waited for approval for a while: `kubectl certificate approve <name>`. */
  readonly onPending?: (name: string) => void;
}

/** After so long a request seems to wait for a person. */
const PENDING_MS = 1000;
/** How many leftovers in a row that cannot be used are stepped over. */
const MAX_LEFTOVERS = 10;

/**
 * Asks the cluster for a certificate and waits until it is issued, for as long as the signal lets it: serving
 * certificates wait for a person. A request of the same key and content that a former process left is taken up; one of
 * its name that is another's, that was refused, or whose certificate is over, is stepped over. Failing calls are tried
 * again, with waits that double from 200 ms to 7 s.
 *
 * @throws KrustletError `CertificateDenied` where the request is denied or its signer fails (ask again with a new key)
 * or, `retryable`, where whoever asks may not; `InvalidObject` where the API server refuses the request or what it
 * issues does not belong to the key or, `retryable`, where the request has gone; `InvalidField` as
 * {@link buildCertificateRequest}; the signal's reason.
 */
export async function requestCertificate(
  client: NodeClient,
  init: CertificateRequestInit,
  options: RequestCertificateOptions = {},
): Promise<IssuedCertificate> {
  const doing = doingOf(options);
  const wanted = buildCertificateRequest(init);
  const { apiVersion, kind, spec } = wanted;
  const asked = { apiVersion, kind, spec };
  const base = wanted.metadata?.name ?? "";
  for (let leftover = 0; leftover < MAX_LEFTOVERS; leftover += 1) {
    const name = leftover === 0 ? base : `${base}-${leftover + 1}`;
    const request = { ...asked, metadata: { name } };
    const found = await trying(() => createOrTakeUp(request));
    if (found === undefined || (found.leftover && refusalIn(found.request) !== undefined)) continue;
    const issued = await waitFor(name, found.request);
    const certificate = issuedCertificateOf(issued, init.key);
    if (certificate.notAfter > doing.clock.now()) return certificate;
    if (!found.leftover) {
      throw new KrustletError(
        "InvalidObject",
        `The certificate of request ${name} has expired as it is issued.`,
      );
    }
  }
  throw new KrustletError("CertificateDenied", `Ten leftover requests stand in the way of ${base}.`);

  /** The request as the API server has it; undefined where its name is taken by another key's or content's. */
  async function createOrTakeUp(
    request: V1CertificateSigningRequest,
  ): Promise<{ request: V1CertificateSigningRequest; leftover: boolean } | undefined> {
    try {
      const created = await callWithin(doing, (signal) =>
        client.createCertificateSigningRequest(request, { signal }),
      );
      return { request: created, leftover: false };
    } catch (error) {
      if (apiStatusOf(error) !== 409) throw error;
      const existing = await get(request.metadata?.name ?? "");
      return isSameRequest(existing, request) ? { request: existing, leftover: true } : undefined;
    }
  }

  function get(name: string): Promise<V1CertificateSigningRequest> {
    return callWithin(doing, (signal) => client.getCertificateSigningRequest(name, { signal }));
  }

  async function waitFor(
    name: string,
    first: V1CertificateSigningRequest,
  ): Promise<V1CertificateSigningRequest> {
    let request = first;
    let waited = 0;
    for (const wait of doubling(200, 7000)) {
      const refusal = refusalIn(request);
      if (refusal !== undefined) {
        const how = refusal.type === "Denied" ? "was denied" : "failed";
        const why = refusal.message ?? refusal.reason ?? "no reason is given";
        throw new KrustletError("CertificateDenied", `The certificate request ${name} ${how}: ${why}`);
      }
      if (request.status?.certificate !== undefined && request.status.certificate !== "") return request;
      // Whoever approves by itself does so at once.
      if (waited < PENDING_MS && waited + wait >= PENDING_MS) options.onPending?.(name);
      await doing.clock.sleep(wait, { signal: doing.signal });
      waited += wait;
      request = await trying(() => get(name));
    }
    return request;
  }

  function trying<T>(call: () => Promise<T>): Promise<T> {
    return untilDone(doing, { firstWait: 200, refusalOf }, call);
  }

  function refusalOf(error: unknown): KrustletError | undefined {
    const status = apiStatusOf(error);
    if (status === 401 || status === 403) {
      const sentence = `The API server does not let node ${init.nodeName} ask for a certificate`;
      const options = { cause: error, retryable: true };
      return new KrustletError(
        "CertificateDenied",
        `${sentence} (HTTP ${status}): ${messageOf(error)}`,
        options,
      );
    }
    if (status !== 400 && status !== 404 && status !== 422) return undefined;
    const what = status === 404 ? "is gone" : "is refused as invalid";
    const sentence = `The certificate request ${base} ${what}: ${messageOf(error)}`;
    return new KrustletError("InvalidObject", sentence, { cause: error, retryable: status === 404 });
  }
}
