/**
 * Field types of the Kubernetes API by the name of the object type. A field's type is `string`, `boolean`, `int32`,
 * `int64`, `number`, `quantity`, `duration`, `intOrString`, `time`, `base64`, `any` or the name of another type; then `[]` for a list or
 * `{}` for a map from strings; then `!` where the API demands the field.
 */
export type SchemaTypes = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A field's type, taken apart. */
export interface FieldType {
  readonly base: string;
  readonly shape: "one" | "list" | "map";
  readonly required: boolean;
}

/** Takes a field type of {@link SchemaTypes} apart. */
export function fieldTypeOf(text: string): FieldType {
  const required = text.endsWith("!");
  const rest = required ? text.slice(0, -1) : text;
  if (rest.endsWith("[]")) return { base: rest.slice(0, -2), shape: "list", required };
  if (rest.endsWith("{}")) return { base: rest.slice(0, -2), shape: "map", required };
  return { base: rest, shape: "one", required };
}
