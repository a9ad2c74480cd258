import { formatQuantity, parseQuantity } from "@krustlet/quantity";

/** Amounts of resources by their names, as Kubernetes writes them. */
export type ResourceAmounts = Readonly<Record<string, string>>;

/**
 * Pure: what of a node's capacity pods may have: everything but what is reserved (for the system, for the kubelet,
 * for the eviction thresholds), and huge pages, which are no ordinary memory any more. Never negative; a reservation of
 * what the node does not have is no matter.
 *
 * @throws KrustletError `InvalidField` for an amount that is no quantity.
 */
export function allocatableOf(
  capacity: ResourceAmounts,
  reservations: readonly ResourceAmounts[],
): Record<string, string> {
  const allocatable: Record<string, string> = {};
  const hugePages = sumOf(
    Object.entries(capacity).flatMap(([name, amount]) => (name.startsWith("hugepages-") ? [amount] : [])),
  );
  for (const [name, amount] of Object.entries(capacity)) {
    const { nano, format } = parseQuantity(amount);
    const reserved = sumOf(reservations.map((reservation) => reservation[name] ?? "0"));
    const left = nano - reserved - (name === "memory" ? hugePages : 0n);
    allocatable[name] = formatQuantity({ nano: left < 0n ? 0n : left, format });
  }
  return allocatable;
}

/** In billionths. */
function sumOf(amounts: readonly string[]): bigint {
  return amounts.reduce((sum, amount) => sum + parseQuantity(amount).nano, 0n);
}
