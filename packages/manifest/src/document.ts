/** A value as JSON has it. */
export type Json = string | number | boolean | null | JsonObject | JsonArray;
/** An object as JSON has it; keys are own properties, `__proto__` too. */
export interface JsonObject {
  [key: string]: Json;
}
/** A list as JSON has it. */
interface JsonArray extends Array<Json> {}

/** Whether `value` is an object and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The own property `key` of `object`, or undefined. */
export function own(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own property, whatever it is called. */
export function setOwn(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Where in a file things stand. */
interface Positions {
  /** Line of the entry `key` of `container`, from 1; undefined where it is not known. */
  lineOf(container: object, key: string | number): number | undefined;
}

/** One document of a stream. */
export interface ManifestDocument {
  /** From 1. */
  readonly number: number;
  /** First line of the document, from 1. */
  readonly line: number;
  readonly value: Json;
  readonly positions: Positions;
}
