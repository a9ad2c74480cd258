import { KrustletError } from "@krustlet/interface";

import type { Grant } from "./merge-answers.ts";
import type { HeldDevices } from "./plan-allocation.ts";

/** What a container has: its devices, and what came with them. */
export interface Allocation {
  readonly devices: HeldDevices;
  readonly grant: Grant;
}

/** What outlives the process. */
export interface DeviceCheckpoint {
  /** Every resource that a plugin has ever registered here. */
  readonly resources: readonly string[];
  /** By pod UID, then by container. */
  readonly allocations: ReadonlyMap<string, ReadonlyMap<string, Allocation>>;
}

const VERSION = 1;

/** Pure: as it is written to a file. */
export function formatCheckpoint({ resources, allocations }: DeviceCheckpoint): string {
  const pods = [...allocations].map(([uid, containers]) => [uid, Object.fromEntries(containers)]);
  return `${JSON.stringify({ version: VERSION, resources, pods: Object.fromEntries(pods) })}\n`;
}

/** Pure: reads it back. @throws KrustletError `InvalidObject` for whatever {@link formatCheckpoint} would not write. */
export function parseCheckpoint(text: string): DeviceCheckpoint {
  const whole = parseJson(text);
  if (!isRecord(whole) || whole["version"] !== VERSION) throw invalid(`its version is not ${VERSION}`);
  const { resources, pods } = whole;
  if (!isTexts(resources) || !isRecord(pods)) throw invalid("it has no resources or pods");
  const allocations = new Map<string, ReadonlyMap<string, Allocation>>();
  for (const [uid, containers] of Object.entries(pods)) {
    if (!isRecord(containers)) throw invalid(`what it says of the pod ${uid} is no object`);
    const found = new Map<string, Allocation>();
    for (const [container, allocation] of Object.entries(containers)) {
      if (!isAllocation(allocation))
        throw invalid(`what it says of ${container} of the pod ${uid} is no allocation`);
      found.set(container, allocation);
    }
    allocations.set(uid, found);
  }
  return { resources, allocations };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid("it is no JSON", cause);
  }
}

function isAllocation(value: unknown): value is Allocation {
  if (!isRecord(value) || !isRecord(value["devices"]) || !isRecord(value["grant"])) return false;
  const { env, mounts, withheld } = value["grant"];
  return (
    Object.values(value["devices"]).every(isTexts) &&
    isRecord(env) &&
    Object.values(env).every((each) => typeof each === "string") &&
    isTexts(withheld) &&
    Array.isArray(mounts) &&
    mounts.every(isMount)
  );
}

function isMount(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["hostPath"] === "string" &&
    typeof value["containerPath"] === "string" &&
    typeof value["readOnly"] === "boolean"
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(why: string, cause?: unknown): KrustletError {
  return new KrustletError("InvalidObject", `No checkpoint of devices: ${why}.`, { cause });
}
