import type { FieldPath, Report } from "../problem.ts";
import { POD_FIELDS } from "./pod-fields.ts";

/** Takes what the user is told of a field that is not read. */
export type Warn = (path: FieldPath, message: string) => void;

const PREFIXES: ReadonlySet<string> = new Set(
  Object.keys(POD_FIELDS).flatMap((path) => {
    const parts = path.split(".");
    return parts.map((_, index) => parts.slice(0, index + 1).join("."));
  }),
);

/**
 * Reports each field of `pod` that is refused and warns of each that is loudly ignored, by {@link POD_FIELDS}.
 * `root` is where the Pod stands in its document, for example `spec.template`.
 */
export function applyPodFields(pod: object, root: FieldPath, report: Report, warn: Warn): void {
  walk(pod, "", root);

  function walk(value: unknown, key: string, path: FieldPath): void {
    const support = Object.hasOwn(POD_FIELDS, key) ? POD_FIELDS[key] : undefined;
    if (support !== undefined && support.support !== "supported" && !asksForNothing(value)) {
      if (support.support === "refused") return report(path, support.why, "UnsupportedField");
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
      if (PREFIXES.has(child) || PREFIXES.has(`${child}[]`)) walk(field, child, [...path, name]);
    }
  }
}

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}
