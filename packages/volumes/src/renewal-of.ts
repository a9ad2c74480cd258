const DAY_MS = 24 * 60 * 60 * 1000;
const JITTER_MS = 10_000;
/** A server whose clock is behind ours gives tokens that look expired; it is not asked more often than this. */
export const SOONEST_MS = 60_000;

/**
 * After how many milliseconds a token that holds for `lifetimeMs` is asked for anew: when a fifth of its time is left, or
 * when it is a day old, a few seconds earlier by `random` (in [0, 1)).
 */
export function renewalOf(lifetimeMs: number, random: number): number {
  return Math.max(Math.min(lifetimeMs * 0.8, DAY_MS) - random * JITTER_MS, SOONEST_MS);
}
