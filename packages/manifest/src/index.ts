/**
 * Kubernetes manifests to checked Pods and the objects they name, with errors that name file, line and field.
 *
 * @example
 * ```ts
 * import { parseManifest } from "@krustlet/manifest";
 *
 * const text = "apiVersion: v1\nkind: Pod\nmetadata: {name: hi}\nspec: {containers: [{name: hi, imagee: hi:v1}]}";
 * try {
 *   parseManifest(text, { source: "pod.yaml" });
 * } catch (error) {
 *   console.error(String(error));
 *   // pod.yaml, document 1, line 4: spec.containers[0].imagee: unknown field (did you mean "image"?)
 * }
 * ```
 *
 * @packageDocumentation
 */
export { defaultPod } from "./default-pod.ts";
export type { FieldPlace, FieldSupport, FieldTable, PlaceSupport } from "./fields/field-support.ts";
export {
  ignored,
  ignoredLoudly,
  refused,
  refusedUnless,
  supported,
  supportedAs,
} from "./fields/field-support.ts";
export { POD_FIELDS } from "./fields/pod-fields.ts";
export { refusalOf, warningOf } from "./fields/refusal-of.ts";
export { supportedDocument } from "./fields/supported-document.ts";
export type { Manifest } from "./manifest.ts";
export { manifestText, MAX_MANIFEST_BYTES } from "./manifest-text.ts";
export { parseManifest } from "./parse-manifest.ts";
export type { ParseManifestOptions } from "./parse-manifest.ts";
export { parseObject } from "./parse-object.ts";
export type { ParsedObject, ParseObjectOptions } from "./parse-object.ts";
export type { FieldPath } from "./problem.ts";
export { MAX_MANIFEST_LENGTH } from "./read-yaml.ts";
export type { SchemaTypes } from "./schema/types.ts";
