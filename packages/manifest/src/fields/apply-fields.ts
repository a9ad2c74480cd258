import type { FieldPath, Report } from "../problem.ts";
import { supportIn } from "./field-support.ts";
import type { FieldPlace, FieldSupport, FieldTable } from "./field-support.ts";

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
  const path: (string | number)[] = [...(options.root ?? [])];
  walkFields(object, branchesOf(table));

  function walk(value: unknown, branch: Branch): void {
    const support = branch.field && supportIn(place, branch.field);
    if (support !== undefined && support.support !== "supported" && !asksForNothing(value)) {
      if (support.support === "refused") {
        if (support.unless?.some((harmless) => harmless === value) === true) return;
        return report([...path], support.why, "UnsupportedField");
      }
      if (support.warn === true) return warn([...path], `ignored: ${support.why}`);
    }
    if (!Array.isArray(value)) return walkFields(value, branch);
    const { items } = branch;
    if (items === undefined) return;
    for (const [index, item] of value.entries()) {
      path.push(index);
      walkFields(item, items);
      path.pop();
    }
  }

  function walkFields(value: unknown, { fields }: Branch): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    for (const [name, field] of Object.entries(value)) {
      const branch = fields.get(name);
      if (branch === undefined) continue;
      path.push(name);
      walk(field, branch);
      path.pop();
    }
  }
}

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}

/** A table as a tree: what is done with a field, its own fields, and those of a list's items. */
interface Branch {
  field?: FieldSupport;
  readonly fields: Map<string, Branch>;
  items?: Branch;
}

const BRANCHES = new WeakMap<FieldTable, Branch>();

function branchesOf(table: FieldTable): Branch {
  const known = BRANCHES.get(table);
  if (known !== undefined) return known;
  const root: Branch = { fields: new Map() };
  for (const [path, support] of Object.entries(table)) {
    let branch = root;
    for (const part of path.split(".")) {
      const [name = ""] = part.split("[]", 1);
      const next: Branch = branch.fields.get(name) ?? { fields: new Map() };
      branch.fields.set(name, next);
      branch = part.endsWith("[]") ? (next.items ??= { fields: new Map() }) : next;
    }
    branch.field = support;
  }
  BRANCHES.set(table, root);
  return root;
}
