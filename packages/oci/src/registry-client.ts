import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { Cancellable, Clock, RegistryCredential } from "@krustlet/interface";
import { createAuthorizer } from "./authorizer.ts";
import { digestOf, isDigest } from "./digest.ts";
import { downloadBlob } from "./download-blob.ts";
import { ACCEPT_MANIFESTS } from "./media-types.ts";
import type { Descriptor } from "./manifest.ts";
import { DEFAULT_RETRY, planRetry } from "./plan-retry.ts";
import type { RetryPolicy } from "./plan-retry.ts";
import { dropBody, readBody } from "./read-body.ts";
import { apiHostOf, formatReference } from "./reference.ts";
import type { Reference } from "./reference.ts";
import {
  deservesRetry,
  errorOfAnswer,
  errorOfFailure,
  failureCodeOf,
  retryAfterOf,
} from "./registry-error.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { systemClock } from "@krustlet/clock";
import { createTransport } from "./transport.ts";
import type { HttpResponse, TransportInit } from "./transport.ts";

/** Options of {@link createRegistryClient}. */
export interface RegistryClientInit extends TransportInit {
  readonly clock?: Clock;
  /** A number in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number;
  readonly retry?: Partial<RetryPolicy>;
}

/** One image's view of a registry. */
export interface RegistrySession extends Cancellable {
  readonly reference: Reference;
  readonly credential?: RegistryCredential;
  /** Told before each wait. */
  readonly onRetry?: (message: string) => void;
}

/** The bytes of a manifest, verified against the digest that was asked for. */
export interface FetchedManifest {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly contentType?: string;
}

/** Options of {@link RegistryClient.blob}. */
export interface BlobOptions {
  /** File to fill; what it already holds is taken for the blob's beginning. */
  readonly path: string;
  readonly onBytes?: (current: number) => void;
}

/** The distribution protocol's reading half. Owns connections until it is closed. */
export interface RegistryClient extends AsyncDisposable {
  /** What the reference's tag or digest stands for, by `HEAD`, which registries do not count against limits. */
  resolve(session: RegistrySession): Promise<string>;
  /** The manifest or index `digest`, or the one that the reference names. */
  manifest(session: RegistrySession, digest?: string): Promise<FetchedManifest>;
  /** Streams a blob to a file; resolves when the file has the blob's digest. */
  blob(session: RegistrySession, blob: Descriptor, options: BlobOptions): Promise<void>;
}

/** What a {@link RegistryClient} sends below `/v2/<repository>/`, any number of times. */
interface RegistryRequest {
  readonly method: "GET" | "HEAD";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_MANIFEST = 4 << 20;
const MAX_ERROR_BODY = 64 << 10;

/** What a port answers that speaks no TLS; certificate errors are errors. */
const NO_TLS = /^(?:EPROTO|ECONNRESET|ERR_SSL_.*|UND_ERR_SOCKET)$/;
/** What says that nobody is at a port, or that a proxy leads to nobody there. */
const NOBODY = /^(?:ECONNREFUSED|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT|UND_ERR_ABORTED)$/;

/** Whether the failure of an attempt with TLS says that there is none. Without a port it is another one that speaks plainly. */
function hasNoTls(host: string, code: string): boolean {
  return NO_TLS.test(code) || (!/:\d+$/.test(host) && NOBODY.test(code));
}

/**
 * A client for OCI registries: tokens and basic authentication, retries with jitter and `Retry-After`, redirects without
 * the login, stalls noticed, digests verified, blobs resumed.
 * Errors: 401 `RegistryUnauthorized`, 403 `RegistryForbidden`, 404 `ImageNotFound`, 429 `RegistryThrottled`, 5xx, stalls
 * and network failures `RegistryUnavailable`, wrong bytes `DigestMismatch`, nonsense `RegistryProtocol`.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export function createRegistryClient(init: RegistryClientInit = {}): RegistryClient {
  const clock = init.clock ?? systemClock;
  const random = init.random ?? Math.random;
  const policy: RetryPolicy = { ...DEFAULT_RETRY, ...init.retry };
  const transport = createTransport(init);
  const authorizer = createAuthorizer(transport, clock);
  const origins = new Map<string, Promise<string>>();

  const subjectOf = (session: RegistrySession) => ({
    reference: formatReference(session.reference),
    host: apiHostOf(session.reference.registry),
    loggedIn: session.credential !== undefined,
  });

  /** `https://host`, or `http://host` for a registry that may do without TLS and does. */
  async function originOf(host: string, signal?: AbortSignal): Promise<string> {
    if (!transport.allowsPlain(host)) return `https://${host}`;
    const known = origins.get(host);
    if (known !== undefined) return known;
    const probed = (async () => {
      try {
        const url = new URL(`https://${host}/v2/`);
        dropBody(
          (await transport.send({ method: "GET", url, headers: {}, ...(signal ? { signal } : {}) })).body,
        );
        return `https://${host}`;
      } catch (error) {
        if (signal?.aborted !== true && hasNoTls(host, failureCodeOf(error) ?? "")) return `http://${host}`;
        throw error;
      }
    })();
    const origin = await probed;
    origins.set(host, probed);
    return origin;
  }

  async function once(session: RegistrySession, request: RegistryRequest): Promise<HttpResponse> {
    const host = apiHostOf(session.reference.registry);
    const origin = await originOf(host, session.signal);
    const url = new URL(`${origin}/v2/${session.reference.repository}/${request.path}`);
    const login = { ...session, host };
    const send = (authorization: string | undefined): Promise<HttpResponse> =>
      transport.send({
        method: request.method,
        url,
        headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
        ...(session.signal === undefined ? {} : { signal: session.signal }),
      });
    const first = await send(authorizer.known(login));
    if (first.status !== 401) return first;
    const fresh = await authorizer.answer(login, first.headers.get("www-authenticate") ?? "");
    if (fresh === undefined) return first;
    dropBody(first.body);
    return send(fresh);
  }

  /** Waits before the next attempt, or throws `error` when there is none left. */
  async function wait(session: RegistrySession, failed: number, error: unknown): Promise<void> {
    if (!deservesRetry(error)) throw error;
    const asked = parseRetryAfter(retryAfterOf(error), clock.now());
    const ms = planRetry(failed, asked, random(), policy);
    if (ms === undefined) throw error;
    session.onRetry?.(`${error.message}; trying again in ${ms} ms`);
    await clock.sleep(ms, session.signal === undefined ? {} : { signal: session.signal });
  }

  async function attempt<T>(
    session: RegistrySession,
    request: RegistryRequest,
    use: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    for (let failed = 1; ; failed += 1) {
      try {
        const response = await once(session, request);
        if (response.status < 300) return await use(response);
        const body = await readBody(response.body, MAX_ERROR_BODY, "the error").catch(() => Buffer.alloc(0));
        throw errorOfAnswer({ ...response, body: body.toString("utf8") }, subjectOf(session));
      } catch (error) {
        await wait(session, failed, errorOfFailure(error, subjectOf(session), session.signal));
      }
    }
  }

  async function manifest(session: RegistrySession, digest?: string): Promise<FetchedManifest> {
    const wanted = digest ?? session.reference.digest;
    const path = `manifests/${wanted ?? session.reference.tag ?? "latest"}`;
    const { reference } = subjectOf(session);
    return attempt(
      session,
      { method: "GET", path, headers: { accept: ACCEPT_MANIFESTS } },
      async (response) => {
        const bytes = await readBody(response.body, MAX_MANIFEST, `${reference}: the manifest`);
        const told = response.headers.get("docker-content-digest");
        const expected = wanted ?? (told !== undefined && isDigest(told) ? told : undefined);
        const actual = digestOf(bytes, expected);
        if (expected !== undefined && expected !== actual) {
          throw new KrustletError(
            "DigestMismatch",
            `${reference}: the manifest should have digest ${expected} but has ${actual}`,
          );
        }
        const contentType = response.headers.get("content-type");
        return { digest: actual, bytes, ...(contentType === undefined ? {} : { contentType }) };
      },
    );
  }

  return {
    manifest,
    async resolve(session) {
      const path = `manifests/${session.reference.digest ?? session.reference.tag ?? "latest"}`;
      const request: RegistryRequest = { method: "HEAD", path, headers: { accept: ACCEPT_MANIFESTS } };
      const told = await attempt(session, request, (response) => {
        dropBody(response.body);
        return Promise.resolve(response.headers.get("docker-content-digest"));
      }).catch((error: unknown) => {
        // A registry that knows no HEAD (405) may still know GET.
        if (isKrustletError(error, "RegistryProtocol")) return manifest(session).then(({ digest }) => digest);
        throw error;
      });
      if (session.reference.digest !== undefined) return session.reference.digest;
      return told !== undefined && isDigest(told) ? told : (await manifest(session)).digest;
    },
    blob: (session, blob, options) =>
      downloadBlob({
        blob,
        ...options,
        subject: formatReference(session.reference),
        send: (headers) => once(session, { method: "GET", path: `blobs/${blob.digest}`, headers }),
        errorOf: (error) => errorOfFailure(error, subjectOf(session), session.signal),
        errorOfAnswer: (answer) => errorOfAnswer(answer, subjectOf(session)),
        wait: (failed, error) => wait(session, failed, error),
      }),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}
