import type { FieldPath, Report } from "../problem.ts";
import { supportIn } from "./field-support.ts";
import type { FieldPlace, FieldTable } from "./field-support.ts";

/** Takes what the user is told of a field that is not read. */
export type Warn = (path: FieldPath, message: string) => void;

/** What {@link applyFields} goes by. */
export interface ApplyFieldsOptions {
  readonly table: FieldTable;
  /** Whose support counts. Default: `run`. */
  readonly place?: FieldPlace;
  /** Where the object stands in its document, for example `spec.template`. Default: at its root. */
  readonly root?: FieldPath;
  readonly report: Report;
  readonly warn: Warn;
}

/** Reports each field of `object` that its table refuses, and warns of each that is loudly ignored. */
export function applyFields(object: object, options: ApplyFieldsOptions): void {
  const { table, place = "run", report, warn } = options;
  const prefixes = prefixesOf(table);
  walk(object, "", options.root ?? []);

  function walk(value: unknown, key: string, path: FieldPath): void {
    const field = Object.hasOwn(table, key) ? table[key] : undefined;
    const support = field && supportIn(place, field);
    if (support !== undefined && support.support !== "supported" && !asksForNothing(value)) {
      if (support.support === "refused") {
        if (support.unless?.some((harmless) => harmless === value) === true) return;
        return report(path, support.why, "UnsupportedField");
      }
      if (support.warn === true) return warn(path, `ignored: ${support.why}`);
    }
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walkFields(item, `${key}[]`, [...path, index]);
    } else {
      walkFields(value, key, path);
    }
  }

  function walkFields(value: unknown, key: string, path: FieldPath): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    for (const [name, field] of Object.entries(value)) {
      const child = key === "" ? name : `${key}.${name}`;
      if (prefixes.has(child) || prefixes.has(`${child}[]`)) walk(field, child, [...path, name]);
    }
  }
}

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}

const PREFIXES = new WeakMap<FieldTable, ReadonlySet<string>>();

/** The paths of a table and of all that is above them. */
function prefixesOf(table: FieldTable): ReadonlySet<string> {
  const known = PREFIXES.get(table);
  if (known !== undefined) return known;
  const prefixes = new Set(
    Object.keys(table).flatMap((path) => {
      const parts = path.split(".");
      return parts.map((_, index) => parts.slice(0, index + 1).join("."));
    }),
  );
  PREFIXES.set(table, prefixes);
  return prefixes;
}
