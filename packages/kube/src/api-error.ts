/** How the API server said no to a call. */
export interface ApiErrorInit {
  /** The HTTP status. */
  readonly code: number;
  /** `Status.reason`: `NotFound`, `Conflict`, `Expired` … Empty where the answer had none. */
  readonly reason: string;
  readonly message: string;
  /** Milliseconds that the API server asks to wait before the next call. */
  readonly retryAfterMs?: number;
}

/**
 * An answer of the API server that is no success. `code` is the HTTP status, as in the `ApiException` of
 * `@kubernetes/client-node`; callers branch on it. The message is one sentence: the call, and the server's own words.
 */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  readonly code: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(init: ApiErrorInit) {
    super(init.message);
    this.code = init.code;
    this.reason = init.reason;
    this.retryAfterMs = init.retryAfterMs;
  }
}

/** Whether `error` is an {@link ApiError} (with this HTTP status, where one is given), across package copies. */
export function isApiError(error: unknown, code?: number): error is ApiError {
  return (
    error instanceof Error &&
    error.name === "ApiError" &&
    "code" in error &&
    (code === undefined || error.code === code)
  );
}

/** Longest part of the server's words that goes into a message. */
const MAX_WORDS = 1024;

/**
 * Pure: the error that an answer stands for.
 *
 * @param call - what was asked, as `GET /api/v1/nodes/edge-1`
 * @param body - the answer's body: a `Status` as JSON, or whatever a proxy in between says
 * @param retryAfter - the header `Retry-After`: the API server sends seconds
 */
export function apiErrorOf(call: string, code: number, body: string, retryAfter?: string): ApiError {
  const status = statusOf(body);
  const words = oneLine(status?.message ?? body);
  const seconds = Number(
    /^\d{1,6}$/.test(retryAfter?.trim() ?? "") ? retryAfter : status?.details?.retryAfterSeconds,
  );
  return new ApiError({
    code,
    reason: typeof status?.reason === "string" ? status.reason : "",
    message: `${call}: the API server answered ${code}${words === "" ? "" : `: ${words}`}`,
    ...(Number.isFinite(seconds) && seconds > 0 && { retryAfterMs: seconds * 1000 }),
  });
}

/** What of a Kubernetes `Status` is read; nothing of it is certain. */
export interface StatusLike {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

function statusOf(body: string): StatusLike | undefined {
  if (!body.startsWith("{")) return undefined;
  try {
    const status = JSON.parse(body) as StatusLike & { readonly kind?: unknown };
    return status.kind === "Status" ? status : undefined;
  } catch {
    return undefined;
  }
}

function oneLine(words: unknown): string {
  if (typeof words !== "string") return "";
  // eslint-disable-next-line no-control-regex -- control characters are what is to go
  const clean = words.replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, " ").trim();
  return clean.length > MAX_WORDS ? `${clean.slice(0, MAX_WORDS)}…` : clean;
}
