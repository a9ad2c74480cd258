/** How long a watch that fails waits, as client-go's reflector does: doubling, with jitter. */
const FIRST_MS = 200;
const LAST_MS = 30_000;

/**
 * Pure: milliseconds before the next try.
 *
 * @param failures - how many tries in a row have failed, 1 at least
 * @param random - from 0 up to 1
 * @param askedMs - what the API server asks for; never waited less
 */
export function planBackOff(failures: number, random: number, askedMs: number = 0): number {
  const most = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  // Between half of it and all of it: many nodes must not come back at once.
  const wait = most * (0.5 + random / 2);
  return Math.round(askedMs > wait ? askedMs * (1 + random / 10) : wait);
}
