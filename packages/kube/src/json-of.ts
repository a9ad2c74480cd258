/**
 * Pure: an object as JSON for the API server. Times are written to the second, as Kubernetes' `Time` has them; one that
 * writes itself finer than to the millisecond (a `MicroTime`) is left as it is.
 */
export function jsonOf(value: unknown): string {
  return JSON.stringify(withTimes(value));
}

/** The value with text for every date; itself where it has none. A replacer would do the same in five times the time. */
function withTimes(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return textOf(value);
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (const [index, element] of value.entries()) {
      const text = withTimes(element);
      if (text !== element) (copy ??= value.slice())[index] = text;
    }
    return copy ?? value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const key in value) {
    const element = (value as Record<string, unknown>)[key];
    if (typeof element !== "object") continue;
    const text = withTimes(element);
    if (text !== element) (copy ??= { ...value })[key] = text;
  }
  return copy ?? value;
}

function textOf(date: Date): string | null {
  if (Number.isNaN(date.getTime())) return null;
  const text = date.toISOString();
  return text.length === 24 ? `${text.slice(0, 19)}Z` : text;
}
