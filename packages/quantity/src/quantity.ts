/**
 * How a quantity was written, which is how it is written again: `BinarySI` (Ki, Mi …), `DecimalSI` (n, u, m, k, M …)
 * or `DecimalExponent` (e3, e6 …).
 */
export type QuantityFormat = "BinarySI" | "DecimalSI" | "DecimalExponent";

/**
 * An amount of a resource, exact to a thousand-millionth of its unit, as Kubernetes keeps it.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export interface Quantity {
  /** The amount in 1e-9 of its unit (cores, bytes …). */
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

/** One unit in nano units. */
export const NANO_PER_UNIT: bigint = 1_000_000_000n;
