import { isKrustletError } from "@krustlet/interface";
import { isApiError } from "./api-error.ts";
import { connectionErrorOf, timeoutOf } from "./connection-error.ts";

/** What {@link callWithin} limits. */
export interface CallLimits {
  /** What is asked, for sentences: `GET /api/v1/nodes/edge-1`. */
  readonly call: string;
  readonly server: string;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/**
 * Runs one call and gives it up when its time is over, waiting in a queue included.
 *
 * @throws the call's own ApiError or KrustletError; the signal's reason; KrustletError `Timeout`, or what
 * `connectionErrorOf` makes of everything else.
 */
export async function callWithin<T>(
  { call, server, signal, timeoutMs }: CallLimits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const end = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end.abort();
    // The connection's own limit comes first where there is one: it looks whether the connection is dead.
  }, timeoutMs + 1000);
  const abort = (): void => end.abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await work(end.signal);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (late) throw timeoutOf(server, call, error);
    if (isApiError(error) || isKrustletError(error)) throw error;
    throw connectionErrorOf(error, server, call);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
