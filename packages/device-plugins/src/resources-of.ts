import { healthyOf } from "./devices-of.ts";
import type { Devices } from "./devices-of.ts";

/** Amounts for a Node's status, by the resource's name. */
export interface DeviceResources {
  /** All devices; 0 where the plugin is not there. */
  readonly capacity: Readonly<Record<string, string>>;
  /** Those of them that are unhealthy, and no pod may have. */
  readonly reserved: Readonly<Record<string, string>>;
}

/** Pure: what a node tells of its devices. */
export function resourcesOf(resources: ReadonlyMap<string, Devices>): DeviceResources {
  const all = [...resources];
  return {
    capacity: Object.fromEntries(all.map(([name, devices]) => [name, String(devices.size)])),
    reserved: Object.fromEntries(
      all.map(([name, devices]) => [name, String(devices.size - healthyOf(devices))]),
    ),
  };
}
