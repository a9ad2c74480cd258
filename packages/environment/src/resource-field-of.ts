import { KrustletError } from "@krustlet/interface";
import { parseQuantity } from "@krustlet/quantity";

import type { EnvironmentContainer, ResourceFieldSelector } from "./pod.ts";

const RESOURCE = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/;

/**
 * A container's limit or request as the downward API gives it: divided by the divisor (1 where there is none) and
 * rounded up. A limit of CPU, memory or ephemeral storage that is not set is what the node has to give
 * (`allocatable`); a request that is not set is 0.
 * @throws KrustletError `InvalidField` for another resource, and for a quantity that is none.
 */
export function resourceFieldOf(
  container: EnvironmentContainer,
  selector: ResourceFieldSelector,
  allocatable: Readonly<Record<string, string>> = {},
): string {
  const match = RESOURCE.exec(selector.resource);
  if (match === null) {
    throw new KrustletError(
      "InvalidField",
      `resourceFieldRef.resource "${selector.resource}" is not one that the downward API knows ` +
        "(limits or requests of cpu, memory, ephemeral-storage, hugepages-<size>)",
    );
  }
  const [, list, resource = ""] = match;
  const set = list === "limits" ? container.resources?.limits : container.resources?.requests;
  const known = ownText(set, resource) ?? "0";
  const quantity = parseQuantity(known, `resources.${selector.resource}`);
  const fallback = list === "limits" && quantity.nano === 0n ? ownText(allocatable, resource) : undefined;
  const { nano } = fallback === undefined ? quantity : parseQuantity(fallback, `allocatable.${resource}`);
  const divisor = parseQuantity(selector.divisor ?? "1", "resourceFieldRef.divisor").nano;
  if (divisor < 0n) {
    throw new KrustletError("InvalidField", "resourceFieldRef.divisor may not be negative");
  }
  return dividedUp(nano, divisor === 0n ? parseQuantity("1").nano : divisor).toString();
}

function ownText(map: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}

function dividedUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value > 0n && value % divisor !== 0n ? quotient + 1n : quotient;
}
