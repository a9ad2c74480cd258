import { isDeepStrictEqual } from "node:util";

/** A value as JSON has it: without classes, without what is undefined. */
export function plainOf(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

/**
 * Pure: what must be merged into `existing` to make it `desired`: what differs, and null for what is to go; undefined
 * where they are the same. Objects are merged in turn, all else is replaced. A field that is empty or zero and one that
 * is absent are the same: the API server leaves such fields out.
 */
export function differencesOf(existing: unknown, desired: unknown): Record<string, unknown> | undefined {
  const before = fieldsOf(plainOf(existing));
  const after = fieldsOf(plainOf(desired));
  const changes: Record<string, unknown> = {};
  for (const key of Object.keys(before)) {
    if (!isNothing(before[key]) && after[key] === undefined) changes[key] = null;
  }
  for (const [key, value] of Object.entries(after)) {
    if (isNothing(value) && isNothing(before[key])) continue;
    if (isObject(value) && isObject(before[key])) {
      const inner = differencesOf(before[key], value);
      if (inner !== undefined) changes[key] = inner;
    } else if (!isDeepStrictEqual(before[key], value)) changes[key] = value;
  }
  return Object.keys(changes).length === 0 ? undefined : changes;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === 0 || value === false;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}
