import type { ContainerResources } from "@krustlet/interface";
import { milliValueOf, parseQuantity, valueOf } from "@krustlet/quantity";
import type { V1Container } from "@kubernetes/client-node";

/**
 * What a container may use: its own limits and requests. A request that is not set is the limit, as the API server
 * defaults it.
 * @throws KrustletError `InvalidField` for a quantity that is none.
 */
export function resourcesOf(container: Pick<V1Container, "resources">): ContainerResources {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const cpuLimitMillis = millis(limits["cpu"]);
  return {
    cpuLimitMillis,
    cpuRequestMillis: millis(requests["cpu"]) ?? cpuLimitMillis,
    memoryLimitBytes: limits["memory"] === undefined ? undefined : valueOf(parseQuantity(limits["memory"])),
  };
}

function millis(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : milliValueOf(parseQuantity(quantity));
}
