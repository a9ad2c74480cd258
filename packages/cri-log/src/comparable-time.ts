const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/iu;

/**
 * An RFC 3339 time in the one form whose texts sort as the times do: UTC, nine digits after the second. Undefined for
 * what is no such time. Exact to the nanosecond.
 */
export function comparableTimeOf(text: string): string | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, seconds = "", fraction = "", zone = ""] = match;
  const millis = Date.parse(`${seconds}${zone}`.toUpperCase());
  // What JavaScript takes and RFC 3339 does not: the 30th of February, 24 o'clock.
  const local = new Date(`${seconds}Z`.toUpperCase());
  if (Number.isNaN(millis) || Number.isNaN(local.getTime())) return undefined;
  if (local.toISOString().slice(0, 19) !== seconds.toUpperCase()) return undefined;
  const utc = new Date(millis).toISOString();
  // A zone may push the time out of the years that four digits can say.
  if (!/^\d{4}-/u.test(utc)) return undefined;
  return `${utc.slice(0, 19)}.${fraction.padEnd(9, "0")}Z`;
}
