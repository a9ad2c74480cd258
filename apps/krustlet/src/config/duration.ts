const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(?<amount>\d+\.?\d*|\.\d+)(?<unit>ns|us|µs|ms|s|m|h)/gu;
const WHOLE = /^(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/u;

/** Milliseconds of a duration as Go writes it: `10s`, `1h30m`, `0`. Throws an Error for anything else, and below zero. */
export function parseDuration(text: string): number {
  if (text.length > 60 || !WHOLE.test(text)) throw new Error("is no duration such as 10s or 1h30m");
  let sum = 0;
  for (const { groups } of text.matchAll(PART)) {
    sum += Number(groups?.["amount"]) * (UNITS[groups?.["unit"] ?? ""] ?? 0);
  }
  return sum;
}

/** A duration as Go writes it: `1h30m0s`, `10s`, `100ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? "0s" : `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1000;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
