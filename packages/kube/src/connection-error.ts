import { KrustletError } from "@krustlet/interface";

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to its network",
  ENOTFOUND: "its host name is unknown",
  EAI_AGAIN: "its host name cannot be looked up now",
  ETIMEDOUT: "it does not answer",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  ECONNRESET: "it cut the connection",
  ECONNABORTED: "it cut the connection",
  EPIPE: "it cut the connection",
  UND_ERR_SOCKET: "it cut the connection",
  UND_ERR_INFO: "it cut the connection",
  UND_ERR_DESTROYED: "the connection was closed",
  UND_ERR_CLOSED: "the connection was closed",
};

const UNTRUSTED: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; is this machine's clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not signed by the kubeconfig's certificate authority",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not signed by the kubeconfig's certificate authority",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is not signed by the kubeconfig's certificate authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "its certificate is not signed by the kubeconfig's certificate authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not signed by the kubeconfig's certificate authority",
  CERT_SIGNATURE_FAILURE: "its certificate is not signed by the kubeconfig's certificate authority",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
};

const TIMEOUTS: ReadonlySet<string> = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/**
 * Pure: what a call that got no answer failed with, as one sentence: `Timeout` and `ApiServerUnavailable` may pass,
 * `ApiServerUntrusted` lasts until somebody changes something.
 *
 * @param call - what was asked, as `GET /api/v1/nodes/edge-1`
 */
export function connectionErrorOf(cause: unknown, server: string, call: string): KrustletError {
  const code = codeOf(cause);
  if (TIMEOUTS.has(code)) return timeoutOf(server, call, cause);
  const untrusted = UNTRUSTED[code];
  if (untrusted !== undefined) {
    return new KrustletError("ApiServerUntrusted", `The API server ${server} is not trusted: ${untrusted}.`, {
      cause,
    });
  }
  const why =
    UNREACHABLE[code] ?? (code.startsWith("ERR_HTTP2") ? "it cut the connection" : messageOf(cause));
  const message = `The API server ${server} cannot be reached for ${call}: ${why.replace(/\.$/, "")}.`;
  return new KrustletError("ApiServerUnavailable", message, { cause, retryable: true });
}

/** Pure: the error of a call that was not answered in time. */
export function timeoutOf(server: string, call: string, cause?: unknown): KrustletError {
  return new KrustletError("Timeout", `The API server ${server} did not answer ${call} in time.`, {
    cause,
    retryable: true,
  });
}

/** What went wrong, in the words of whatever was thrown, on one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0]?.slice(0, 500) ?? "";
}

/** The first error code along the causes: undici wraps those of the socket. */
function codeOf(error: unknown): string {
  let at = error;
  let found = "";
  for (let depth = 0; depth < 5 && typeof at === "object" && at !== null; depth += 1) {
    const { code, cause } = at as { code?: unknown; cause?: unknown };
    if (typeof code === "string") {
      if (code in UNTRUSTED) return code;
      if (found === "" || found.startsWith("UND_ERR")) found = code;
    }
    at = cause;
  }
  return found;
}
