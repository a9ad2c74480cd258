import type { Quantity } from "./quantity.ts";
import { NANO_PER_UNIT } from "./quantity.ts";

/** The amount in whole units (bytes, cores …), rounded away from zero; beyond 2^53 the nearest number. */
export function valueOf(quantity: Quantity): number {
  return roundedUp(quantity.nano, NANO_PER_UNIT);
}

/** The amount in thousandths (milli-cores, for CPU), rounded away from zero; beyond 2^53 the nearest number. */
export function milliValueOf(quantity: Quantity): number {
  return roundedUp(quantity.nano, NANO_PER_UNIT / 1000n);
}

/** Negative where `a` is less than `b`, 0 where they are the same amount however written, else positive. */
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  if (a.nano === b.nano) return 0;
  return a.nano < b.nano ? -1 : 1;
}

function roundedUp(nano: bigint, by: bigint): number {
  const magnitude = nano < 0n ? -nano : nano;
  const units = (magnitude + by - 1n) / by;
  return Number(nano < 0n ? -units : units);
}
