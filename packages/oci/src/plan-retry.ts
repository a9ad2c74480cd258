/** How persistent a client is. */
export interface RetryPolicy {
  /** Attempts in all. Default 5. */
  readonly attempts: number;
  /** Longest wait before the second attempt, in ms; it doubles for each further one. Default 500. */
  readonly base: number;
  /** Longest wait of all, in ms; a longer `Retry-After` is cut to it. Default 30,000. */
  readonly cap: number;
}

/** {@link RetryPolicy}'s defaults. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, base: 500, cap: 30_000 };

/** Whether an answer with this status may be another one later (distribution-spec; RFC 9110). */
export function isTransient(status: number): boolean {
  return (
    status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
  );
}

/**
 * Milliseconds to wait before the attempt after number `failed` (1 for the first), or undefined to give up. Half of the
 * wait is random, so that the nodes of a cluster do not come back together; what the registry asked for is kept.
 */
export function planRetry(
  failed: number,
  asked: number | undefined,
  random: number,
  policy: RetryPolicy = DEFAULT_RETRY,
): number | undefined {
  if (failed >= policy.attempts) return undefined;
  const backoff = Math.min(policy.cap, policy.base * 2 ** (failed - 1));
  const jittered = Math.round(backoff / 2 + (backoff / 2) * random);
  return Math.min(policy.cap, Math.max(jittered, asked ?? 0));
}
