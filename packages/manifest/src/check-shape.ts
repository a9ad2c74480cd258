import { parseQuantity } from "@krustlet/quantity";

import { didYouMean } from "./did-you-mean.ts";
import { isObject, setOwn } from "./document.ts";
import type { Json, JsonObject } from "./document.ts";
import { printable } from "./problem.ts";
import type { FieldPath, Report } from "./problem.ts";
import { KNOWN_VOLUME_KINDS, unknownVolumeKind } from "./fields/volume-fields.ts";
import { SCHEMA } from "./schema/schema.ts";
import { fieldTypeOf } from "./schema/types.ts";
import type { SchemaTypes } from "./schema/types.ts";

const INT32 = 2 ** 31;
const DURATION = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Checks `value` against a type of a schema (default: that of manifests), as strictly as `kubectl --validate=strict`: every unknown field,
 * missing field and wrong type is reported. Gives the value as the API would keep it: nulls left out, numbers that
 * stand for quantities as text, timestamps as `Date`.
 */
export function checkShape(
  value: Json,
  type: string,
  path: FieldPath,
  report: Report,
  schema: SchemaTypes = SCHEMA,
): unknown {
  const fields = schema[type];
  if (fields === undefined) return checkScalar(value, type, path, report);
  if (!isObject(value)) {
    report(path, `must be an object, got ${described(value)}`);
    return {};
  }
  const checked: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (!Object.hasOwn(fields, name)) {
      report([...path, name], unknownField(name, type, fields));
    } else if (field !== null) {
      checked[name] = checkField(field, fields[name] ?? "any", [...path, name], report, schema);
    }
  }
  for (const [name, text] of Object.entries(fields)) {
    if (!text.endsWith("!")) continue;
    const field = Object.hasOwn(value, name) ? value[name] : null;
    if (field === null || field === undefined || field === "") report([...path, name], "is required");
  }
  return checked;
}

/** A field of a volume is its kind; what is refused itself is no hint. */
function unknownField(name: string, type: string, fields: Readonly<Record<string, string>>): string {
  if (type !== "Volume") return `unknown field${didYouMean(name, Object.keys(fields))}`;
  return `${unknownVolumeKind(printable(name))}${didYouMean(name, ["name", ...KNOWN_VOLUME_KINDS])}`;
}

function checkField(
  value: Json,
  text: string,
  path: FieldPath,
  report: Report,
  schema: SchemaTypes,
): unknown {
  const { base, shape } = fieldTypeOf(text);
  if (shape === "list") {
    if (!Array.isArray(value)) {
      report(path, `must be a list, got ${described(value)}`);
      return [];
    }
    return value.map((item, index) => checkShape(item, base, [...path, index], report, schema));
  }
  if (shape === "map") {
    if (!isObject(value)) {
      report(path, `must be a map, got ${described(value)}`);
      return {};
    }
    const map: JsonObject = {};
    for (const [key, item] of Object.entries(value)) {
      const checked = item === null ? "" : checkShape(item, base, [...path, key], report, schema);
      setOwn(map, key, checked as Json);
    }
    return map;
  }
  return checkShape(value, base, path, report, schema);
}

function checkScalar(value: Json, type: string, path: FieldPath, report: Report): unknown {
  switch (type) {
    case "any":
      return value;
    case "string":
      if (typeof value !== "string")
        report(path, `must be a string, got ${described(value)}${quoting(value)}`);
      return value;
    case "boolean":
      if (typeof value !== "boolean") report(path, `must be true or false, got ${described(value)}`);
      return value;
    case "int32":
      if (!isInteger(value, -INT32, INT32 - 1))
        report(path, `must be a 32-bit integer, got ${described(value)}`);
      return value;
    case "int64":
      if (!isInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)) {
        report(path, `must be an integer, got ${described(value)}`);
      }
      return value;
    case "number":
      if (typeof value !== "number") report(path, `must be a number, got ${described(value)}`);
      return value;
    case "duration":
      if (typeof value !== "string" || !DURATION.test(value)) {
        report(path, `must be a duration such as 10s or 1h30m, got ${described(value)}`);
      }
      return value;
    case "intOrString":
      if (typeof value !== "string" && !isInteger(value, -INT32, INT32 - 1)) {
        report(path, `must be an integer or a string, got ${described(value)}`);
      }
      return value;
    case "quantity":
      return checkQuantity(value, path, report);
    case "base64":
      if (typeof value !== "string")
        report(path, `must be base64 text, got ${described(value)}${quoting(value)}`);
      else if (!BASE64.test(value.replaceAll(/[\r\n]/g, ""))) report(path, "is not valid base64");
      return value;
    case "time":
      return checkTime(value, path, report);
    default:
      throw new Error(`the schema has no type ${type}`);
  }
}

function checkQuantity(value: Json, path: FieldPath, report: Report): Json {
  if (typeof value !== "string" && typeof value !== "number") {
    report(path, `must be a quantity such as 500m or 1.5Gi, got ${described(value)}`);
    return "0";
  }
  const text = String(value);
  try {
    parseQuantity(text);
    return text;
  } catch {
    report(path, `"${printable(text)}" is not a quantity such as 500m or 1.5Gi`);
    return "0";
  }
}

function checkTime(value: Json, path: FieldPath, report: Report): unknown {
  const date = typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) {
    report(path, `must be a time such as 2026-01-31T12:00:00Z, got ${described(value)}`);
    return undefined;
  }
  return date;
}

function isInteger(value: Json, least: number, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function quoting(value: Json): string {
  return typeof value === "number" || typeof value === "boolean" ? "; put it in quotes" : "";
}

/** What a value is, for a message. */
function described(value: Json): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return `the string "${printable(value, 30)}"`;
  return `the ${typeof value} ${String(value)}`;
}
