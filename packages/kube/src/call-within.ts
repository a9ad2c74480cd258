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
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  // Not left to the connection: what waits for one heeds no signal.
  const over = new Promise<never>((_, reject) => {
    // Its own limit comes first where it has one: then it looks whether it is dead.
    timer = setTimeout(() => reject(timeoutOf(server, call)), timeoutMs + 500);
    abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
  });
  const working = work(end.signal);
  try {
    return await Promise.race([working, over]);
  } catch (error) {
    working.catch(() => undefined);
    end.abort();
    if (signal?.aborted === true) throw signal.reason;
    if (isApiError(error) || isKrustletError(error)) throw error;
    throw connectionErrorOf(error, server, call);
  } finally {
    clearTimeout(timer);
    if (abort !== undefined) signal?.removeEventListener("abort", abort);
  }
}
