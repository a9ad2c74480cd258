import { KrustletError } from "@krustlet/interface";
import { formatQuantity, parseQuantity, valueOf } from "@krustlet/quantity";
import type { ResourceAmounts } from "./node-resources.ts";

/** What the kubelet's eviction thresholds are about. */
export type EvictionSignal =
  | "memory.available"
  | "nodefs.available"
  | "nodefs.inodesFree"
  | "imagefs.available"
  | "imagefs.inodesFree"
  | "pid.available";

/** Below how much of a resource a node is under pressure. */
export interface EvictionThreshold {
  readonly signal: EvictionSignal;
  /** Bytes, inodes or processes, or a share (0 to 1) of what there is in all. */
  readonly value: { readonly amount: number } | { readonly share: number };
}

const SIGNALS: ReadonlySet<string> = new Set<EvictionSignal>([
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
]);

/** The kubelet's hard eviction thresholds on Linux. */
export const DEFAULT_EVICTION_THRESHOLDS: readonly EvictionThreshold[] = parseEvictionThresholds(
  "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%",
);

/**
 * Reads hard eviction thresholds: what `--eviction-hard` takes (`memory.available<100Mi,nodefs.available<10%`), or
 * `evictionHard` of a KubeletConfiguration (signals and values). An empty text is no thresholds; 0 % and 100 % switch
 * a signal off, as they do for the kubelet.
 *
 * @throws KrustletError `InvalidField`, naming the threshold.
 */
export function parseEvictionThresholds(
  source: string | Readonly<Record<string, string>>,
): readonly EvictionThreshold[] {
  const pairs = typeof source === "string" ? pairsOf(source) : Object.entries(source);
  const thresholds = new Map<EvictionSignal, EvictionThreshold>();
  const seen = new Set<string>();
  for (const [signal, text] of pairs) {
    if (!isSignal(signal))
      throw invalid(`${signal}<${text}`, `has none of the signals ${[...SIGNALS].join(", ")}`);
    if (seen.has(signal)) throw invalid(`${signal}<${text}`, "is given twice");
    seen.add(signal);
    const value = valueIn(signal, text.trim());
    if (value !== undefined) thresholds.set(signal, { signal, value });
  }
  return [...thresholds.values()];
}

/** Pure: what of a capacity the hard thresholds keep from pods: memory and the node's disk. */
export function evictionReservationOf(
  thresholds: readonly EvictionThreshold[],
  capacity: ResourceAmounts,
): ResourceAmounts {
  const reserved: Record<string, string> = {};
  for (const { signal, value } of thresholds) {
    const resource = RESERVED[signal];
    const whole = resource === undefined ? undefined : capacity[resource];
    if (resource === undefined || whole === undefined) continue;
    const amount = "amount" in value ? value.amount : Math.floor(valueOf(parseQuantity(whole)) * value.share);
    reserved[resource] = formatQuantity(parseQuantity(String(amount)));
  }
  return reserved;
}

const RESERVED: Readonly<Partial<Record<EvictionSignal, string>>> = {
  "memory.available": "memory",
  "nodefs.available": "ephemeral-storage",
};

function pairsOf(text: string): [string, string][] {
  if (text.trim() === "") return [];
  return text.split(",").map((part) => {
    const at = part.indexOf("<");
    if (at === -1) throw invalid(part.trim(), "has no value, as in memory.available<100Mi");
    return [part.slice(0, at).trim(), part.slice(at + 1)];
  });
}

function valueIn(signal: string, text: string): EvictionThreshold["value"] | undefined {
  const statement = `${signal}<${text}`;
  if (!text.endsWith("%")) {
    const amount = valueOf(parseQuantity(text, `the eviction threshold ${statement}`));
    if (amount <= 0) throw invalid(statement, "is not positive");
    return { amount };
  }
  const percent = /^\d+(?:\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (!(percent <= 100)) throw invalid(statement, "is no percentage from 0 to 100");
  return percent === 0 || percent === 100 ? undefined : { share: percent / 100 };
}

function isSignal(text: string): text is EvictionSignal {
  return SIGNALS.has(text);
}

function invalid(statement: string, what: string): KrustletError {
  return new KrustletError("InvalidField", `The eviction threshold ${JSON.stringify(statement)} ${what}.`);
}
