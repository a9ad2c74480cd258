/**
 * Kubernetes resource quantities, exactly: parse, compare, format.
 *
 * @example
 * ```ts
 * import { compareQuantities, formatQuantity, milliValueOf, parseQuantity, valueOf } from "@krustlet/quantity";
 *
 * const limit = parseQuantity("1.5Gi");
 * valueOf(limit); // 1610612736
 * formatQuantity(limit); // "1536Mi"
 * milliValueOf(parseQuantity("0.25")); // 250
 * compareQuantities(parseQuantity("1000m"), parseQuantity("1")); // 0
 * ```
 *
 * @packageDocumentation
 */
export { formatQuantity } from "./format-quantity.ts";
export { parseQuantity } from "./parse-quantity.ts";
export type { Quantity, QuantityFormat } from "./quantity.ts";
export { compareQuantities, milliValueOf, valueOf } from "./quantity-value.ts";
