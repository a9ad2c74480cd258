/**
 * Pure: an object as JSON for the API server. Times are written to the second, as Kubernetes' `Time` has them; one that
 * writes itself finer than to the millisecond (a `MicroTime`) is left as it is.
 */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, secondPrecision);
}

function secondPrecision(this: unknown, key: string, value: unknown): unknown {
  // Dates have become text before a replacer sees them; what they were is still in their place.
  if (typeof value !== "string" || value.length !== 24 || value.codePointAt(23) !== 0x5a) return value;
  return (this as Record<string, unknown>)[key] instanceof Date ? `${value.slice(0, 19)}Z` : value;
}
