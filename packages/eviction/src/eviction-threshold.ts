import { formatQuantity } from "@krustlet/quantity";

import type { EvictionSignal, StarvedResource } from "./eviction-signal.ts";
import { resourceOf } from "./eviction-signal.ts";

/** Bytes, inodes or processes (`text` is how Kubernetes writes that), or a share (0 to 1) of what there is in all. */
export type ThresholdAmount = { readonly amount: number; readonly text: string } | { readonly share: number };

/** Below how much of something a node is under pressure, and gives up pods. */
export interface EvictionThreshold {
  readonly signal: EvictionSignal;
  readonly value: ThresholdAmount;
  /** How long it has to be met before pods go: a soft threshold. 0: a hard one. */
  readonly gracePeriodMs: number;
  /** How much more than the threshold has to be left before the node is content again. */
  readonly minimumReclaim?: ThresholdAmount;
}

/** How much there is of something, and how much of that is left: bytes, inodes or processes. */
export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

/** What was measured; signals that cannot be measured are not in it, and no threshold of theirs is ever met. */
export type Observations = Readonly<Partial<Record<EvictionSignal, Observation>>>;

/** Pure: how much an amount is, in whole units. */
export function amountOf(value: ThresholdAmount, capacity: number): number {
  return "amount" in value ? value.amount : Math.floor(capacity * value.share);
}

/** Pure: whether less is left than the threshold wants, or than that and its minimum reclaim. */
export function isMet(
  { signal, value, minimumReclaim }: EvictionThreshold,
  observations: Observations,
  withReclaim: boolean,
): boolean {
  const observed = observations[signal];
  if (observed === undefined) return false;
  const more = withReclaim && minimumReclaim !== undefined ? amountOf(minimumReclaim, observed.capacity) : 0;
  return observed.available < amountOf(value, observed.capacity) + more;
}

/** Pure: `Threshold quantity: 100Mi, available: 20Mi. `, or nothing where nothing was observed. */
export function thresholdWords({ signal, value }: EvictionThreshold, observations: Observations): string {
  const observed = observations[signal];
  if (observed === undefined) return "";
  const least = "text" in value ? value.text : bytesText(amountOf(value, observed.capacity));
  const left = amountText(resourceOf(signal), observed.available);
  return `Threshold quantity: ${least}, available: ${left}. `;
}

/** Bytes as Kubernetes writes them: `6400Ki`. */
export function bytesText(bytes: number): string {
  return quantityText(bytes, "BinarySI");
}

function amountText(resource: StarvedResource, amount: number): string {
  const isBytes = resource === "memory" || resource === "ephemeral-storage";
  return quantityText(amount, isBytes ? "BinarySI" : "DecimalSI");
}

function quantityText(amount: number, format: "BinarySI" | "DecimalSI"): string {
  if (!Number.isFinite(amount)) return String(amount);
  return formatQuantity({ nano: BigInt(Math.trunc(amount)) * 1_000_000_000n, format });
}
