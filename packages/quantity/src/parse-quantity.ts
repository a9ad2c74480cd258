import { KrustletError } from "@krustlet/interface";
import type { Quantity, QuantityFormat } from "./quantity.ts";
import { NANO_PER_UNIT } from "./quantity.ts";

/** Longer texts are junk: the largest amount has 19 digits, the smallest nine behind the point. */
const MAX_TEXT = 256;
/** Kubernetes caps every quantity here, and so do we. */
const MAX_NANO = (2n ** 63n - 1n) * NANO_PER_UNIT;
/** No exponent beyond this makes a difference within {@link MAX_TEXT} digits. */
const MAX_EXPONENT = 600;

const PATTERN =
  /^(?<sign>[+-]?)(?:(?<whole>\d+)(?:\.(?<fraction>\d*))?|\.(?<bare>\d+))(?:(?<suffix>[KMGTPE]i|[numkMGTPE])|[eE](?<exponent>[+-]?\d+))?$/;

const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/**
 * Reads a quantity such as `500m`, `1.5Gi`, `1e3` or `-2`. As in Kubernetes, what is finer than a nano unit is
 * rounded away from zero, and what is larger than 2^63-1 units is capped there.
 *
 * @param field - what the error calls the text, for example `spec.containers[0].resources.limits.memory`
 * @throws KrustletError `InvalidField`, if the text is no quantity.
 */
export function parseQuantity(text: string, field = "quantity"): Quantity {
  const groups = text.length > MAX_TEXT ? undefined : PATTERN.exec(text)?.groups;
  if (groups === undefined) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new KrustletError(
      "InvalidField",
      `${field}: ${JSON.stringify(shown)} is not a quantity such as 500m, 1.5Gi or 1e3`,
    );
  }
  const { sign, whole = "", fraction = "", bare = "", suffix, exponent } = groups;
  const binary = suffix === undefined ? undefined : BINARY[suffix];
  const decimals = fraction + bare;
  const digits = BigInt(whole + decimals);
  const power = exponent === undefined ? (DECIMAL[suffix ?? ""] ?? 0) : clampExponent(exponent);
  const nano = cap(scaleToNano(digits << (binary ?? 0n), power - decimals.length));
  return {
    nano: sign === "-" ? -nano : nano,
    format: formatOf(binary !== undefined, exponent !== undefined),
  };
}

function formatOf(binary: boolean, exponent: boolean): QuantityFormat {
  if (binary) return "BinarySI";
  return exponent ? "DecimalExponent" : "DecimalSI";
}

/** An exponent may have hundreds of digits itself; `10n **` of it would never end. */
function clampExponent(text: string): number {
  return Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, Number(text)));
}

function scaleToNano(amount: bigint, power: number): bigint {
  const shift = power + 9;
  if (shift >= 0) return amount * 10n ** BigInt(shift);
  return divideUp(amount, 10n ** BigInt(-shift));
}

function divideUp(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}

function cap(nano: bigint): bigint {
  return nano > MAX_NANO ? MAX_NANO : nano;
}
