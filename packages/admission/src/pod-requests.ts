import { parseQuantity } from "@krustlet/quantity";

import type { AdmissionPod, ResourceAmounts } from "./pod.ts";

/** Exact amounts by resource, in billionths of its unit. */
export type Amounts = ReadonlyMap<string, bigint>;

/**
 * What the scheduler counts a pod for: the larger, for each resource, of all containers together and of the greediest
 * init container beside the sidecars that run by then; the Pod's own requests instead, where it has some; and its
 * overhead.
 * @throws KrustletError `InvalidField` for what is no quantity.
 */
export function podRequestsOf(pod: AdmissionPod): Amounts {
  const { spec } = pod;
  const total = new Map<string, bigint>();
  const sidecars = new Map<string, bigint>();
  const initial = new Map<string, bigint>();
  for (const { name, resources } of spec?.containers ?? []) {
    add(total, amountsOf(resources?.requests, name));
  }
  for (const { name, resources, restartPolicy } of spec?.initContainers ?? []) {
    const requests = amountsOf(resources?.requests, name);
    if (restartPolicy === "Always") {
      add(total, requests);
      add(sidecars, requests);
      raise(initial, sidecars);
    } else {
      const meanwhile = new Map(sidecars);
      add(meanwhile, requests);
      raise(initial, meanwhile);
    }
  }
  raise(total, initial);
  for (const [resource, amount] of amountsOf(spec?.resources?.requests, "the Pod")) {
    if (isPodLevelResource(resource)) total.set(resource, amount);
  }
  add(total, amountsOf(spec?.overhead, "overhead"));
  return total;
}

/** Quantities, exactly. */
export function amountsOf(texts: ResourceAmounts | undefined, what: string): Amounts {
  return new Map(
    Object.entries(texts ?? {}).map(([resource, text]) => [
      resource,
      parseQuantity(text, `${resource} of ${what}`).nano,
    ]),
  );
}

function isPodLevelResource(resource: string): boolean {
  return resource === "cpu" || resource === "memory" || resource.startsWith("hugepages-");
}

function add(sum: Map<string, bigint>, amounts: Amounts): void {
  for (const [resource, amount] of amounts) sum.set(resource, (sum.get(resource) ?? 0n) + amount);
}

function raise(most: Map<string, bigint>, amounts: Amounts): void {
  for (const [resource, amount] of amounts) {
    if (amount > (most.get(resource) ?? -1n)) most.set(resource, amount);
  }
}
