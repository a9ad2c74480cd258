import type { Holdings } from "./plan-allocation.ts";

/** Pure: how many devices of each resource containers hold. */
export function heldOf(holdings: Holdings): Readonly<Record<string, string>> {
  const held = new Map<string, Set<string>>();
  for (const containers of holdings.values()) {
    for (const { devices } of containers.values()) {
      for (const [resource, ids] of Object.entries(devices)) {
        // A container may have what an init container before it had.
        held.set(resource, new Set([...(held.get(resource) ?? []), ...ids]));
      }
    }
  }
  return Object.fromEntries([...held].map(([resource, ids]) => [resource, String(ids.size)]));
}
