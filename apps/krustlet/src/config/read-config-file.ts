import type { KrustletError } from "@krustlet/interface";
import { parseObject } from "@krustlet/manifest";
import type { FieldPath, SchemaTypes } from "@krustlet/manifest";

import { KUBELET_FIELDS } from "./kubelet-fields.ts";
import { KUBELET_SCHEMA } from "./kubelet-schema.ts";
import { SETTINGS } from "./settings.ts";
import type { Setting } from "./setting.ts";

/** A configuration file, checked for its shape. */
export interface ConfigFile {
  /** Whose it is: the kubelet's, or Krustlet's own `config.json`. */
  readonly kind: "KubeletConfiguration" | "krustlet";
  readonly value: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
  /** An error that names file, line and field. */
  errorAt(path: FieldPath, message: string): KrustletError;
}

/** Krustlet's own keys. Numbers may be written as text and lists as text with commas, as it took them. */
const KRUSTLET_SCHEMA: SchemaTypes = {
  Config: Object.fromEntries(
    Object.values(SETTINGS).flatMap(({ key }: { readonly key?: string }) =>
      key === undefined ? [] : [[key, "any"] as const],
    ),
  ),
};

/**
 * Pure: reads the text of a configuration file, YAML or JSON: a KubeletConfiguration, or Krustlet's own keys where it
 * has neither `kind` nor `apiVersion`.
 * @throws KrustletError `InvalidManifest`, `InvalidField`, `UnsupportedField`, naming file, line and field.
 */
export function readConfigFile(text: string, source: string): ConfigFile {
  // Krustlet's keys are a plain object of a few words; whatever says what it is, is judged as that.
  const isKubelets = /["']?(?:kind|apiVersion)["']?\s*:/u.test(text);
  if (!isKubelets) {
    return { kind: "krustlet", ...parseObject(text, { source, schema: KRUSTLET_SCHEMA, type: "Config" }) };
  }
  const file = parseObject(text, {
    source,
    schema: KUBELET_SCHEMA,
    type: "KubeletConfiguration",
    fields: KUBELET_FIELDS,
  });
  const expected = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" };
  for (const [field, word] of Object.entries(expected)) {
    if (file.value[field] !== word) throw file.errorAt([field], `must be ${word}`);
  }
  return { kind: "KubeletConfiguration", ...file };
}

/** Where in a file a setting is, and what is written there; undefined where nothing is. */
export function foundIn(
  file: ConfigFile,
  { field, key, zeroIsUnset }: Pick<Setting<unknown>, "field" | "key" | "zeroIsUnset">,
): { readonly path: readonly string[]; readonly value: unknown } | undefined {
  const path = (file.kind === "krustlet" ? key : field)?.split(".");
  if (path === undefined) return undefined;
  let value: unknown = file.value;
  for (const part of path) {
    value =
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }
  if (value === undefined || value === null) return undefined;
  if (zeroIsUnset === true && isZero(value)) {
    return undefined;
  }
  return { path, value };
}

/** What Go has in a field that nobody sets. */
function isZero(value: unknown): boolean {
  return value === 0 || (typeof value === "string" && /^(?:0(?:s|ms|m|h)?)?$/u.test(value));
}
