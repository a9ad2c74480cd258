const DAY_MS = 24 * 60 * 60 * 1000;
const JITTER_MS = 10_000;
/** A server whose clock is behind ours gives tokens that look expired; it is not asked more often than this. */
const SOONEST_MS = 60_000;

/**
 * When a token is asked for anew: when a fifth of its time is left, or when it is a day old, a few seconds earlier by
 * `random` (in [0, 1)).
 */
export function renewalOf(expiresAt: Date, issuedAt: Date, random: number): Date {
  const lifetime = expiresAt.getTime() - issuedAt.getTime();
  const after = Math.min(lifetime * 0.8, DAY_MS) - random * JITTER_MS;
  return new Date(issuedAt.getTime() + Math.max(after, SOONEST_MS));
}
