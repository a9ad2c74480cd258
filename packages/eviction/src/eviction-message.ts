import { compareQuantities, formatQuantity, parseQuantity } from "@krustlet/quantity";
import type { Quantity } from "@krustlet/quantity";

import type { EvictionThreshold, Observations } from "./eviction-threshold.ts";
import { bytesText, thresholdWords } from "./eviction-threshold.ts";
import { resourceOf } from "./eviction-signal.ts";
import type { StarvedResource } from "./eviction-signal.ts";
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
  pod: EvictionPod,
  use: PodUse | undefined,
): string {
  const resource = resourceOf(threshold.signal);
  const low = `The node was low on resource: ${resource}. ${thresholdWords(threshold, observations)}`;
  const { whole, containers } = offendersOf(resource, pod, use);
  return [
    low,
    ...(whole === undefined ? [] : [larger("Pod", whole, resource)]),
    ...containers.map((each) => larger("Container", each, resource)),
  ].join("");
}

/** Pure: the same for programs, as annotations of the Event, under the kubelet's names; none of a pod that could not be measured. */
export function evictionAnnotationsOf(
  { signal }: EvictionThreshold,
  pod: EvictionPod,
  use: PodUse | undefined,
): Readonly<Record<string, string>> {
  if (use === undefined) return {};
  const resource = resourceOf(signal);
  const { whole, containers } = offendersOf(resource, pod, use);
  return {
    ...(whole !== undefined && {
      offending_pod: whole.name,
      offending_pod_usage: bytesText(whole.used),
    }),
    offending_containers: containers.map(({ name }) => name).join(","),
    offending_containers_usage: containers.map(({ used }) => bytesText(used)).join(","),
    starved_resource: resource,
  };
}

/** What uses so many bytes, and asked for so many. */
interface Offender {
  readonly name: string;
  readonly used: number;
  readonly request: Quantity;
}

/** The pod, where it asked for something as a whole, and its containers that use more than they asked for. */
function offendersOf(
  resource: StarvedResource,
  { spec, metadata }: EvictionPod,
  use: PodUse | undefined,
): { readonly whole?: Offender; readonly containers: readonly Offender[] } {
  if (use === undefined || resource === "inodes" || resource === "pids") return { containers: [] };
  const asked = resource === "memory" ? spec?.resources?.requests?.[resource] : undefined;
  const specs = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const containers = use.containers.flatMap(({ name, memoryBytes, storageBytes }): readonly Offender[] => {
    const container = specs.find((each) => each.name === name);
    const used = resource === "memory" ? memoryBytes : storageBytes;
    const request = quantityOf(container?.resources?.requests?.[resource]);
    if (container === undefined || compareQuantities(bytesOf(used), request) <= 0) return [];
    return [{ name, used, request }];
  });
  if (asked === undefined) return { containers };
  const whole = { name: metadata?.name ?? "", used: memoryOf(use), request: quantityOf(asked) };
  return { whole, containers };
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

function larger(what: string, { name, used, request }: Offender, resource: string): string {
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
