import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { ErrorCode } from "@krustlet/interface";
import { isTransient } from "./plan-retry.ts";

/** What an error is about. */
export interface RequestSubject {
  /** The image reference as the user knows it. */
  readonly reference: string;
  /** Host that answered. */
  readonly host: string;
  /** Whether a login was sent. */
  readonly loggedIn: boolean;
}

/** An answer that may be another one later, if it is asked for then. */
class TransientError extends KrustletError {
  /** The `Retry-After` of the answer. */
  readonly retryAfter?: string;

  constructor(code: ErrorCode, message: string, retryAfter: string | undefined) {
    super(code, message, { retryable: true });
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/** When the one who gave the answer that became `error` wants to be asked again, in the header's own words. */
export function retryAfterOf(error: unknown): string | undefined {
  return error instanceof TransientError ? error.retryAfter : undefined;
}

/** What an answer that is none of the good ones says. */
export interface BadAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** What the registry said of it. */
  readonly body: string;
}

/** The error for an answer that is none of the good ones. */
export function errorOfAnswer({ status, headers, body }: BadAnswer, subject: RequestSubject): KrustletError {
  const { reference, host, loggedIn } = subject;
  const said = messageOf(body);
  const answered = `${reference}: ${host} answered ${status}${said === "" ? "" : ` (${said})`}`;
  if (status === 401) {
    const hint = loggedIn
      ? "it does not take the credentials; check them, or the imagePullSecret"
      : `it wants a login; run "docker login ${host}" or name an imagePullSecret`;
    return new KrustletError("RegistryUnauthorized", `${answered}: ${hint}`);
  }
  if (status === 403) {
    return new KrustletError(
      "RegistryForbidden",
      `${answered}: this login may not pull the image; ask for access, or check its name`,
    );
  }
  if (status === 404)
    return new KrustletError("ImageNotFound", `${answered}: there is no such image; check its name and tag`);
  const retryAfter = headers.get("retry-after");
  if (status === 429) {
    const message = `${answered}: too many requests; wait, or log in for a higher limit`;
    return new TransientError("RegistryThrottled", message, retryAfter);
  }
  if (isTransient(status)) {
    const message = `${answered}: it is not available; try again later`;
    return new TransientError("RegistryUnavailable", message, retryAfter);
  }
  return new KrustletError("RegistryProtocol", `${answered}, which a registry should not`);
}

/**
 * The error for a request that got no answer, or half of one. Aborts are passed on, and errors of ours too, which name the
 * image then.
 */
export function errorOfFailure(cause: unknown, subject: RequestSubject, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (isKrustletError(cause)) return aboutImage(cause, subject.reference);
  const { code, message } = rootOf(cause);
  const why =
    FAILURES[code ?? ""] ??
    `the connection failed (${[code, message].filter(Boolean).join(": ").slice(0, 200)})`;
  return new KrustletError("RegistryUnavailable", `${subject.reference}: ${subject.host}: ${why}`, {
    cause,
    retryable: true,
  });
}

function aboutImage(error: KrustletError, reference: string): KrustletError {
  const { code, message, cause, retryable } = error;
  if (message.includes(reference)) return error;
  return new KrustletError(code, `${reference}: ${message}`, { cause: cause ?? error, retryable });
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; is the registry running?",
  ENOTFOUND: "there is no such host; check the name and the network",
  EAI_AGAIN: "the name cannot be resolved now; check the network",
  ECONNRESET: "the registry closed the connection",
  EPIPE: "the registry closed the connection",
  UND_ERR_SOCKET: "the registry closed the connection in the middle",
  UND_ERR_CONNECT_TIMEOUT: "it cannot be reached; check the network",
  UND_ERR_HEADERS_TIMEOUT: "the registry stalled: it did not answer in time",
  UND_ERR_BODY_TIMEOUT: "the registry stalled: it stopped in the middle of an answer",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed; give the certificate authority's file",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an unknown authority; give the authority's file",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate comes from an unknown authority; give the authority's file",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "its certificate comes from an unknown authority; give the authority's file",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
};

function rootOf(error: unknown): { code?: string; message: string } {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    const code = "code" in at && typeof at.code === "string" ? at.code : undefined;
    if (code !== undefined && code !== "UND_ERR_SOCKET") return { code, message: at.message };
    if (at.cause === undefined) return { ...(code === undefined ? {} : { code }), message: at.message };
    at = at.cause;
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

/** Failures that trying again in a second does not mend: what is wrong is a name, a certificate, or a stopped server. */
const LASTING = /^(?:ECONNREFUSED|ENOTFOUND|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_)/;

/** Whether the request that failed with `error` should be sent again. */
export function deservesRetry(error: unknown): error is KrustletError {
  return isKrustletError(error) && error.retryable && !LASTING.test(failureCodeOf(error.cause) ?? "");
}

/** The code of what made a request fail, for those who decide on it. */
export function failureCodeOf(error: unknown): string | undefined {
  return rootOf(error).code;
}

/** The message of a registry's error document, made safe for a terminal. */
function messageOf(body: string): string {
  let text = "";
  try {
    const json = JSON.parse(body) as {
      errors?: { message?: unknown; code?: unknown }[];
      details?: unknown;
    } | null;
    const first = json?.errors?.[0];
    if (typeof first?.message === "string" && first.message !== "") text = first.message;
    else if (typeof first?.code === "string") text = first.code;
    else if (typeof json?.details === "string") text = json.details;
  } catch {
    return ""; // Pages of proxies are of no use in a sentence.
  }
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, 200);
}
