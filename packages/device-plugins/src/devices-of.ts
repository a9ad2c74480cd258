import { KrustletError } from "@krustlet/interface";

import type { DeviceList } from "./messages.ts";

/** The devices of one resource: whether each is healthy, by its ID. */
export type Devices = ReadonlyMap<string, boolean>;

const HEALTHY = "Healthy";
/** More are no machine's. */
const MOST_DEVICES = 10_000;
const LONGEST_ID = 1024;

/**
 * Pure: the devices of a list. One that is listed twice counts once, and is healthy if both say so.
 * @throws KrustletError `InvalidObject` where an ID is empty or very long, or there are more than 10,000 of them.
 */
export function devicesOf({ devices }: DeviceList, resource: string): Devices {
  if (devices.length > MOST_DEVICES) {
    throw refused(resource, `lists ${devices.length} devices; ${MOST_DEVICES} are taken at the most`);
  }
  const found = new Map<string, boolean>();
  for (const { ID: id, health } of devices) {
    if (id === "" || id.length > LONGEST_ID) {
      throw refused(
        resource,
        `lists a device with an ID of ${id.length} characters; 1 to ${LONGEST_ID} are taken`,
      );
    }
    found.set(id, health === HEALTHY && found.get(id) !== false);
  }
  return found;
}

/** Pure: how many of them can be given to pods. */
export function healthyOf(devices: Devices): number {
  let healthy = 0;
  for (const each of devices.values()) if (each) healthy += 1;
  return healthy;
}

function refused(resource: string, why: string): KrustletError {
  return new KrustletError("InvalidObject", `The device plugin of ${resource} ${why}.`);
}
