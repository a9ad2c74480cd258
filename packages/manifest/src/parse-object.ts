import { KrustletError } from "@krustlet/interface";

import { checkShape } from "./check-shape.ts";
import { isObject } from "./document.ts";
import { applyFields } from "./fields/apply-fields.ts";
import type { FieldTable } from "./fields/field-support.ts";
import { fieldPathText, problemsError } from "./problem.ts";
import type { FieldPath, Problem } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import type { SchemaTypes } from "./schema/types.ts";

/** Options of {@link parseObject}. */
export interface ParseObjectOptions {
  /** What messages call the text: the file's name. */
  readonly source: string;
  readonly schema: SchemaTypes;
  /** The type in the schema that the object is to have. */
  readonly type: string;
  /** What is done with its fields; those that it refuses are errors. Default: all are taken. */
  readonly fields?: FieldTable;
}

/** An object that has the type it was to have. */
export interface ParsedObject {
  /** Nulls left out; only fields of the schema. */
  readonly value: Readonly<Record<string, unknown>>;
  /** What is left unread although its author may count on it, a sentence each. */
  readonly warnings: readonly string[];
  /** An error that says where in the text the field at `path` is, for rules that a schema cannot tell. */
  errorAt(path: FieldPath, message: string): KrustletError;
}

/**
 * Reads a text of one YAML or JSON document with an object in it, such as a configuration file, and checks it against
 * a schema of the caller's as strictly as a manifest.
 * @throws KrustletError `InvalidManifest` (no YAML, no object, or several), `InvalidField`, `UnsupportedField`; a line
 * for each problem, naming file, line and field.
 */
export function parseObject(text: string, options: ParseObjectOptions): ParsedObject {
  const { source, schema, type, fields = {} } = options;
  const [document, ...more] = readYaml(text, source);
  if (document === undefined || more.length > 0) {
    const what = document === undefined ? "there is nothing" : "there is more than one document";
    throw new KrustletError("InvalidManifest", `${source}: ${what} in the file`);
  }
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const report = (path: FieldPath, message: string, code: Problem["code"] = "InvalidField"): void => {
    problems.push({ code, path, message });
  };
  const value = checkShape(document.value, type, [], report, schema);
  if (isObject(document.value)) {
    applyFields(document.value, {
      table: fields,
      report,
      warn: (path, message) => warnings.push(`${source}: ${fieldPathText(path)} ${message}`),
    });
  }
  if (problems.length > 0) throw problemsError(problems, document, source);
  return {
    value: isRecord(value) ? value : {},
    warnings,
    errorAt: (path, message) => problemsError([{ code: "InvalidField", path, message }], document, source),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
