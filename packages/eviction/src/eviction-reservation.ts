import { formatQuantity, parseQuantity, valueOf } from "@krustlet/quantity";

import type { EvictionSignal } from "./eviction-signal.ts";
import type { EvictionThreshold } from "./eviction-threshold.ts";
import { amountOf } from "./eviction-threshold.ts";

/** Amounts of resources by their names, as Kubernetes writes them. */
type ResourceAmounts = Readonly<Record<string, string>>;

const RESERVED: Readonly<Partial<Record<EvictionSignal, string>>> = {
  "memory.available": "memory",
  "nodefs.available": "ephemeral-storage",
};

/** Pure: what of a capacity the hard thresholds keep from pods: memory and the node's disk. */
export function evictionReservationOf(
  thresholds: readonly EvictionThreshold[],
  capacity: ResourceAmounts,
): ResourceAmounts {
  const reserved: Record<string, string> = {};
  for (const { signal, value, gracePeriodMs } of thresholds) {
    const resource = RESERVED[signal];
    const whole = resource === undefined ? undefined : capacity[resource];
    if (resource === undefined || whole === undefined || gracePeriodMs > 0) continue;
    const amount = amountOf(value, valueOf(parseQuantity(whole)));
    reserved[resource] = formatQuantity(parseQuantity(String(amount)));
  }
  return reserved;
}
