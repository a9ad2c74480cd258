import { systemClock, within } from "@krustlet/clock";
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
  // The connection's own limit comes first where it has one: then it looks whether it is dead.
  const ms = timeoutMs + 500;
  const late = (): never => {
    throw timeoutOf(server, call);
  };
  try {
    return await within({ clock: systemClock, ms, signal, late }, work);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (isApiError(error) || isKrustletError(error)) throw error;
    throw connectionErrorOf(error, server, call);
  }
}
