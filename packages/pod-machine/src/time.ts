/** The last instant that a `Date` can name. */
const LAST_INSTANT = 8_640_000_000_000_000;

/** `ms` after `date`, never beyond what a `Date` can name; junk counts as no time at all. */
export function after(date: Date, ms: number): Date {
  const delay = Number.isNaN(ms) ? 0 : ms;
  return new Date(Math.min(LAST_INSTANT, Math.max(-LAST_INSTANT, date.getTime() + delay)));
}

/** Whether `until` has come at `at`. */
export function isDue(until: Date, at: Date): boolean {
  return at.getTime() >= until.getTime();
}

/** The earlier of two instants. */
export function earlier(a: Date, b: Date): Date {
  return b.getTime() < a.getTime() ? b : a;
}

/** The later of two instants. */
export function later(a: Date, b: Date): Date {
  return b.getTime() > a.getTime() ? b : a;
}
