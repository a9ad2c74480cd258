import type { ContainerResources } from "@krustlet/interface";
import { milliValueOf, parseQuantity, valueOf } from "@krustlet/quantity";
import type { V1Container } from "@kubernetes/client-node";

/**
 * What a container may use: its own limits and requests. A request that is not set is the limit, as the API server
 * defaults it; a limit of 0 is none, as it is for the kubelet.
 * @throws KrustletError `InvalidField` for a quantity that is none.
 */
export function resourcesOf(container: Pick<V1Container, "resources">): ContainerResources {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const cpuLimitMillis = millis(limits["cpu"]) || undefined;
  const memoryLimitBytes = limits["memory"] === undefined ? 0 : valueOf(parseQuantity(limits["memory"]));
  return {
    cpuLimitMillis,
    cpuRequestMillis: millis(requests["cpu"]) ?? cpuLimitMillis,
    memoryLimitBytes: memoryLimitBytes || undefined,
  };
}

function millis(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : milliValueOf(parseQuantity(quantity));
}
