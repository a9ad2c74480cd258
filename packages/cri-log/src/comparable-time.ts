const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/iu;

/**
 * An RFC 3339 time in the one form whose texts sort as the times do: UTC, nine digits after the second. Undefined for
 * what is no such time. Exact to the nanosecond.
 */
export function comparableTimeOf(text: string): string | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, seconds = "", fraction = "", zone = ""] = match;
  const local = utcOf(`${seconds}Z`);
  // What JavaScript takes and RFC 3339 does not: the 30th of February, 24 o'clock.
  if (local?.slice(0, 19) !== seconds.toUpperCase()) return undefined;
  const utc = zone.toUpperCase() === "Z" ? local : utcOf(`${seconds}${zone}`);
  // A zone may push the time out of the years that four digits can say.
  if (utc === undefined || !/^\d{4}-/u.test(utc)) return undefined;
  return `${utc.slice(0, 19)}.${fraction.padEnd(9, "0")}Z`;
}

function utcOf(text: string): string | undefined {
  const millis = Date.parse(text.toUpperCase());
  return Number.isNaN(millis) ? undefined : new Date(millis).toISOString();
}
