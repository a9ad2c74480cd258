/** How much may happen: `burst` at once, `perSecond` in the long run. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** What is left of a {@link RateLimit} at one moment. */
export interface TokenBucket {
  readonly tokens: number;
  /** Milliseconds, by the same clock as `now`. */
  readonly at: number;
}

/**
 * Pure: takes one from a bucket.
 *
 * @param bucket - undefined for a full one
 * @param now - milliseconds; a clock that went back is taken to stand still
 * @returns the bucket afterwards, and how many milliseconds it takes until there is one to take; 0: it was taken
 */
export function takeToken(
  bucket: TokenBucket | undefined,
  now: number,
  { perSecond, burst }: RateLimit,
): { readonly bucket: TokenBucket; readonly waitMs: number } {
  const before = bucket ?? { tokens: burst, at: now };
  const tokens = Math.min(burst, before.tokens + (Math.max(0, now - before.at) / 1000) * perSecond);
  if (tokens >= 1) return { bucket: { tokens: tokens - 1, at: now }, waitMs: 0 };
  return { bucket: { tokens, at: now }, waitMs: Math.ceil(((1 - tokens) / perSecond) * 1000) };
}
