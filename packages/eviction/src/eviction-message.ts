import { compareQuantities, formatQuantity, parseQuantity } from "@krustlet/quantity";
import type { Quantity } from "@krustlet/quantity";

import type { EvictionThreshold, Observations } from "./eviction-threshold.ts";
import { bytesText, thresholdWords } from "./eviction-threshold.ts";
import { resourceOf } from "./eviction-signal.ts";
import type { EvictionPolicy } from "./plan-eviction.ts";
import type { EvictionPod, PodUse } from "./pod-use.ts";
import { memoryOf } from "./pod-use.ts";

/** What the kubelet gives pods that have to go quickly. */
const IMMEDIATE_GRACE_SECONDS = 1;
const NOTHING: Quantity = { nano: 0n, format: "DecimalSI" };

/**
 * Pure: why a pod has to go, in the kubelet's words: what the node is low on, and which containers use more of it than
 * they asked for.
 */
export function evictionMessageOf(
  threshold: EvictionThreshold,
  observations: Observations,
  { spec, metadata }: EvictionPod,
  use: PodUse | undefined,
): string {
  const resource = resourceOf(threshold.signal);
  const low = `The node was low on resource: ${resource}. ${thresholdWords(threshold, observations)}`;
  if (use === undefined || resource === "inodes" || resource === "pids") return low;
  const asked = resource === "memory" ? spec?.resources?.requests?.[resource] : undefined;
  const whole =
    asked === undefined
      ? ""
      : larger("Pod", metadata?.name ?? "", memoryOf(use), quantityOf(asked), resource);
  const specs = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const parts = use.containers.map(({ name, memoryBytes, storageBytes }) => {
    const container = specs.find((each) => each.name === name);
    const used = resource === "memory" ? memoryBytes : storageBytes;
    const request = quantityOf(container?.resources?.requests?.[resource]);
    if (container === undefined || compareQuantities(bytesOf(used), request) <= 0) return "";
    return larger("Container", name, used, request, resource);
  });
  return `${low}${whole}${parts.join("")}`;
}

/** Pure: how long a pod has to end: a moment for a hard threshold, its own time within bounds for a soft one. */
export function evictionGraceOf(
  { gracePeriodMs }: EvictionThreshold,
  { spec }: EvictionPod,
  { maxPodGracePeriodSeconds }: Pick<EvictionPolicy, "maxPodGracePeriodSeconds">,
): number {
  if (gracePeriodMs === 0) return IMMEDIATE_GRACE_SECONDS;
  return Math.min(maxPodGracePeriodSeconds, spec?.terminationGracePeriodSeconds ?? maxPodGracePeriodSeconds);
}

function larger(what: string, name: string, used: number, request: Quantity, resource: string): string {
  const asked = formatQuantity(request);
  return `${what} ${name} was using ${bytesText(used)}, request is ${asked}, has larger consumption of ${resource}. `;
}

function bytesOf(bytes: number): Quantity {
  return {
    nano: BigInt(Number.isFinite(bytes) ? Math.trunc(bytes) : 2 ** 60) * 1_000_000_000n,
    format: "BinarySI",
  };
}

/** Nothing where it says nothing, or what is no quantity. */
function quantityOf(text: string | undefined): Quantity {
  if (text === undefined) return NOTHING;
  try {
    return parseQuantity(text);
  } catch {
    return NOTHING;
  }
}
