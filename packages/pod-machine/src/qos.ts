import { compareQuantities, parseQuantity } from "@krustlet/quantity";
import type { Quantity } from "@krustlet/quantity";
import type { ContainerLike, PodLike } from "./pod-like.ts";
import type { QosClass } from "./pod-status.ts";

const COUNTED = ["cpu", "memory"] as const;

/**
 * The quality of service that a pod's requests and limits of CPU and memory amount to. A request that is missing
 * is the limit; what is zero or no quantity counts as missing.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
 */
export function qosClassOf(pod: PodLike): QosClass {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const amounts = containers.flatMap((container) =>
    COUNTED.map((resource) => {
      const limit = amountOf(container, "limits", resource);
      return { limit, request: amountOf(container, "requests", resource) ?? limit };
    }),
  );
  if (amounts.every(({ limit, request }) => limit === undefined && request === undefined))
    return "BestEffort";
  const guaranteed = amounts.every(
    ({ limit, request }) =>
      limit !== undefined && request !== undefined && compareQuantities(limit, request) === 0,
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

function amountOf(
  container: ContainerLike,
  bound: "requests" | "limits",
  resource: (typeof COUNTED)[number],
): Quantity | undefined {
  const text = container.resources?.[bound]?.[resource];
  if (text === undefined) return undefined;
  try {
    const quantity = parseQuantity(text);
    return quantity.nano > 0n ? quantity : undefined;
  } catch {
    return undefined;
  }
}
