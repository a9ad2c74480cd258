import type { DeviceRequest } from "./device-request-of.ts";
import type { Devices } from "./devices-of.ts";

/** The IDs that one container has of each resource. */
export type HeldDevices = Readonly<Record<string, readonly string[]>>;

/** All that is held: by pod UID, then by container. */
export type Holdings = ReadonlyMap<string, ReadonlyMap<string, { readonly devices: HeldDevices }>>;

/** What {@link planAllocation} comes to. */
export type AllocationPlan =
  | { readonly plan: "take"; readonly devices: HeldDevices }
  | { readonly plan: "short"; readonly resource: string; readonly wanted: number; readonly free: number };

/**
 * Pure: which devices a container gets: healthy ones that nobody holds, those first that init containers of its pod had
 * before it. All that it asks for, or nothing.
 */
export function planAllocation(
  request: DeviceRequest,
  devicesOf: (resource: string) => Devices,
  holdings: Holdings,
): AllocationPlan {
  const devices: Record<string, readonly string[]> = {};
  for (const [resource, wanted] of request.counts) {
    const own = new Set<string>();
    const taken = new Set<string>();
    for (const [uid, containers] of holdings) {
      for (const [container, held] of containers) {
        const isOwn = uid === request.uid && request.reusable.includes(container);
        for (const id of held.devices[resource] ?? []) (isOwn ? own : taken).add(id);
      }
    }
    const healthy = [...devicesOf(resource)].flatMap(([id, isHealthy]) => (isHealthy ? [id] : []));
    const free = healthy.filter((id) => !taken.has(id));
    if (free.length < wanted) return { plan: "short", resource, wanted, free: free.length };
    const first = free.filter((id) => own.has(id));
    const others = free.filter((id) => !own.has(id));
    devices[resource] = [...first, ...others].slice(0, wanted);
  }
  return { plan: "take", devices };
}
