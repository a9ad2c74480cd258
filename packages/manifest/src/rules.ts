import { didYouMean } from "./did-you-mean.ts";
import { printable } from "./problem.ts";
import type { FieldPath, Report } from "./problem.ts";

/** Demands one of `values` where a value is given. */
export function oneOf(
  value: string | undefined,
  values: readonly string[],
  path: FieldPath,
  report: Report,
): void {
  if (value === undefined || values.includes(value)) return;
  const all = values.filter((each) => each !== "").join(", ");
  report(path, `must be one of ${all}, got "${printable(value)}"${didYouMean(value, values)}`);
}

/** The fields of `object` that are set. */
export function setFieldsOf(object: object | undefined, except: readonly string[] = []): readonly string[] {
  return Object.entries(object ?? {})
    .filter(([name, value]) => value !== undefined && !except.includes(name))
    .map(([name]) => name);
}

/** Demands that exactly one field of `object`, besides `except`, is set; tells whether it is so. */
export function exactlyOne(
  object: object,
  path: FieldPath,
  report: Report,
  except: readonly string[] = [],
): boolean {
  const set = setFieldsOf(object, except);
  if (set.length === 1) return true;
  report(
    path,
    set.length === 0 ? "must say where the value comes from" : `may have only one of ${set.join(" and ")}`,
  );
  return false;
}

/** Demands a path beneath something: relative, without `..`. */
export function relativePath(value: string | undefined, path: FieldPath, report: Report): void {
  if (value === undefined) return;
  if (value.startsWith("/")) report(path, `must be a relative path, got "${printable(value)}"`);
  if (value.split("/").includes("..")) report(path, `may not contain "..", got "${printable(value)}"`);
  if (value.includes("\0")) report(path, "may not contain a null character");
}

/** Demands the permission bits of a file. */
export function fileMode(value: number | undefined, path: FieldPath, report: Report): void {
  if (value === undefined || (value >= 0 && value <= 0o777)) return;
  report(path, `must be between 0 and 0777 (octal; 511 decimal), got ${value}`);
}
