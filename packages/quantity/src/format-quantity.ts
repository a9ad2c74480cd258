import type { Quantity } from "./quantity.ts";
import { NANO_PER_UNIT } from "./quantity.ts";

const DECIMAL_SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/**
 * Writes a quantity in Kubernetes' canonical form: no fraction, the largest suffix that allows for that, in the
 * format it was read in. Binary amounts below 1024 or with a fraction are written as decimal ones.
 */
export function formatQuantity(quantity: Quantity): string {
  const { nano, format } = quantity;
  if (nano === 0n) return "0";
  const sign = nano < 0n ? "-" : "";
  const magnitude = nano < 0n ? -nano : nano;
  if (format === "BinarySI" && magnitude >= 1024n * NANO_PER_UNIT && magnitude % NANO_PER_UNIT === 0n) {
    const [mantissa, steps] = strip(magnitude / NANO_PER_UNIT, 1024n, BINARY_SUFFIXES.length - 1);
    return `${sign}${mantissa}${BINARY_SUFFIXES[steps] ?? ""}`;
  }
  const [mantissa, steps] = strip(magnitude, 1000n, DECIMAL_SUFFIXES.length - 1);
  return `${sign}${mantissa}${decimalSuffix(steps, format)}`;
}

function decimalSuffix(steps: number, format: Quantity["format"]): string {
  if (format !== "DecimalExponent") return DECIMAL_SUFFIXES[steps] ?? "";
  const exponent = steps * 3 - 9;
  return exponent === 0 ? "" : `e${exponent}`;
}

/** Divides by `base` as long as nothing is left over, at most `most` times. */
function strip(amount: bigint, base: bigint, most: number): readonly [bigint, number] {
  let mantissa = amount;
  let steps = 0;
  while (steps < most && mantissa % base === 0n) {
    mantissa /= base;
    steps += 1;
  }
  return [mantissa, steps];
}
