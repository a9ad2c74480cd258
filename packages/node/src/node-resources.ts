import { formatQuantity, parseQuantity } from "@krustlet/quantity";

/** Amounts of resources by their names, as Kubernetes writes them. */
export type ResourceAmounts = Readonly<Record<string, string>>;

/**
 * Pure: what of a node's capacity pods may have: everything but what is reserved (for the system, for the kubelet,
 * for the eviction thresholds). Never negative; a reservation of what the node does not have is no matter.
 *
 * @throws KrustletError `InvalidField` for an amount that is no quantity.
 */
export function allocatableOf(
  capacity: ResourceAmounts,
  reservations: readonly ResourceAmounts[],
): Record<string, string> {
  const allocatable: Record<string, string> = {};
  for (const [name, amount] of Object.entries(capacity)) {
    const { nano, format } = parseQuantity(amount);
    const reserved = reservations.reduce(
      (sum, reservation) => sum + parseQuantity(reservation[name] ?? "0").nano,
      0n,
    );
    const left = nano - reserved;
    allocatable[name] = formatQuantity({ nano: left < 0n ? 0n : left, format });
  }
  return allocatable;
}
