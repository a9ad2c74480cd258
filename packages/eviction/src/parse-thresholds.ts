import { KrustletError } from "@krustlet/interface";
import { formatQuantity, parseQuantity, valueOf } from "@krustlet/quantity";

import type { EvictionSignal } from "./eviction-signal.ts";
import { EVICTION_SIGNALS, isEvictionSignal } from "./eviction-signal.ts";
import type { EvictionThreshold, ThresholdAmount } from "./eviction-threshold.ts";

/** Values by signal, or a text such as `memory.available<100Mi,nodefs.available<10%`. */
export type ThresholdSource = string | Readonly<Record<string, string>>;

/** The kubelet's hard eviction thresholds on Linux. */
export const DEFAULT_EVICTION_HARD: Readonly<Record<string, string>> = {
  "memory.available": "100Mi",
  "nodefs.available": "10%",
  "nodefs.inodesFree": "5%",
  "imagefs.available": "15%",
  "imagefs.inodesFree": "5%",
};

/** The four fields of a KubeletConfiguration that thresholds are made of. */
export interface ThresholdsInit {
  readonly hard: ThresholdSource;
  readonly soft?: ThresholdSource;
  /** Milliseconds by signal; every soft threshold needs one. */
  readonly softGracePeriod?: Readonly<Record<string, number>>;
  readonly minimumReclaim?: Readonly<Record<string, string>>;
}

/**
 * Reads eviction thresholds: what `--eviction-hard` takes (`memory.available<100Mi,nodefs.available<10%`), or
 * `evictionHard` of a KubeletConfiguration (signals and values). An empty text is no thresholds; 0 % and 100 % switch
 * a signal off, as they do for the kubelet.
 *
 * @throws KrustletError `InvalidField`, naming the threshold.
 */
export function parseEvictionThresholds(source: ThresholdSource): readonly EvictionThreshold[] {
  const pairs = typeof source === "string" ? pairsOf(source) : Object.entries(source);
  const thresholds = new Map<EvictionSignal, EvictionThreshold>();
  const seen = new Set<string>();
  for (const [signal, text] of pairs) {
    if (!isEvictionSignal(signal)) throw unknownSignal(`${signal}<${text}`);
    if (seen.has(signal)) throw invalid(`${signal}<${text}`, "is given twice");
    seen.add(signal);
    const value = valueIn(signal, text.trim());
    if (value !== undefined) thresholds.set(signal, { signal, value, gracePeriodMs: 0 });
  }
  return [...thresholds.values()];
}

/**
 * Pure: what a node has to have left, hard thresholds first. Minimum reclaims of signals without a threshold, and grace
 * periods of those without a soft one, say nothing.
 *
 * @throws KrustletError `InvalidField`, naming the threshold: as {@link parseEvictionThresholds} does, and for a soft one
 * without a grace period.
 */
export function evictionThresholdsOf(init: ThresholdsInit): readonly EvictionThreshold[] {
  const { hard, soft = {}, softGracePeriod = {}, minimumReclaim = {} } = init;
  const reclaims = parseMinimumReclaims(minimumReclaim);
  const softly = parseEvictionThresholds(soft).map((threshold) => {
    const gracePeriodMs = softGracePeriod[threshold.signal];
    if (gracePeriodMs === undefined)
      throw invalid(threshold.signal, "is a soft one and has no grace period in evictionSoftGracePeriod");
    return { ...threshold, gracePeriodMs };
  });
  return [...parseEvictionThresholds(hard), ...softly].map((threshold) => {
    const reclaim = reclaims.get(threshold.signal);
    return reclaim === undefined ? threshold : { ...threshold, minimumReclaim: reclaim };
  });
}

/**
 * Reads `evictionMinimumReclaim`: amounts or shares by signal.
 * @throws KrustletError `InvalidField`, naming the signal.
 */
export function parseMinimumReclaims(
  source: Readonly<Record<string, string>>,
): ReadonlyMap<EvictionSignal, ThresholdAmount> {
  const reclaims = new Map<EvictionSignal, ThresholdAmount>();
  for (const [signal, text] of Object.entries(source)) {
    const statement = `${signal}=${text}`;
    if (!isEvictionSignal(signal)) throw unknownSignal(statement);
    const share = shareIn(statement, text.trim());
    if (share === 0) throw invalid(statement, "is not positive");
    reclaims.set(signal, share === undefined ? amountIn(statement, text.trim()) : { share });
  }
  return reclaims;
}

/**
 * Checks the signals of `evictionSoftGracePeriod`.
 * @throws KrustletError `InvalidField`, naming one that is none.
 */
export function demandEvictionSignals(signals: Iterable<string>): void {
  for (const signal of signals) if (!isEvictionSignal(signal)) throw unknownSignal(signal);
}

function pairsOf(text: string): [string, string][] {
  if (text.trim() === "") return [];
  return text.split(",").map((part) => {
    const at = part.indexOf("<");
    if (at === -1) throw invalid(part.trim(), "has no value, as in memory.available<100Mi");
    return [part.slice(0, at).trim(), part.slice(at + 1)];
  });
}

function valueIn(signal: string, text: string): ThresholdAmount | undefined {
  const statement = `${signal}<${text}`;
  const share = shareIn(statement, text);
  if (share !== undefined) return share === 0 || share === 1 ? undefined : { share };
  const amount = amountIn(statement, text);
  if (amount.amount <= 0) throw invalid(statement, "is not positive");
  return amount;
}

/** Of a percentage; undefined where the text is none. */
function shareIn(statement: string, text: string): number | undefined {
  if (!text.endsWith("%")) return undefined;
  const percent = /^\d+(?:\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (!(percent <= 100)) throw invalid(statement, "is no percentage from 0 to 100");
  return percent / 100;
}

function amountIn(statement: string, text: string): { readonly amount: number; readonly text: string } {
  const quantity = parseQuantity(text, `the eviction threshold ${statement}`);
  const amount = valueOf(quantity);
  if (amount < 0) throw invalid(statement, "is not positive");
  return { amount, text: formatQuantity(quantity) };
}

function unknownSignal(statement: string): KrustletError {
  return invalid(statement, `has none of the signals ${EVICTION_SIGNALS.join(", ")}`);
}

function invalid(statement: string, what: string): KrustletError {
  return new KrustletError("InvalidField", `The eviction threshold ${JSON.stringify(statement)} ${what}.`);
}
