import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import { SCHEMA } from "../src/schema/schema.ts";
import { fieldTypeOf } from "../src/schema/types.ts";

const MODELS = new URL("gen/models/", import.meta.resolve("@kubernetes/client-node"));

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

/** A model of the Kubernetes client: its fields, and which of them it demands. */
async function modelOf(
  type: string,
): Promise<{ fields: readonly Attribute[]; required: ReadonlySet<string> }> {
  const name = [`V1${type}`, `CoreV1${type}`].find((each) => existsSync(new URL(`${each}.js`, MODELS)))!;
  const module = (await import(fileURLToPath(new URL(`${name}.js`, MODELS)))) as Record<
    string,
    { getAttributeTypeMap(): readonly Attribute[] }
  >;
  const declaration = readFileSync(new URL(`${name}.d.ts`, MODELS), "utf8");
  const required = Array.from(declaration.matchAll(/^ {4}'(\w+)': /gm), ([, field]) => field!);
  return { fields: module[name]!.getAttributeTypeMap(), required: new Set(required) };
}

/** A type of the client in the schema's words; quantities are text to the client, and statuses are not read. */
function wordOf({ type, format }: Attribute): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `${wordOf({ baseName: "", type: list, format })}[]`;
  if (type.startsWith("{")) return format === "byte" ? "base64{}" : "string{}";
  if (type === "number") return format;
  if (type === "Date") return "time";
  if (type === "IntOrString") return "intOrString";
  return type.replace(/^(?:Core)?V1/, "");
}

describe.each(Object.keys(SCHEMA))("the schema of %s", (type) => {
  it("is that of the Kubernetes client", async () => {
    const { fields, required } = await modelOf(type);
    const known = fields.map((field) => [field.baseName, wordOf(field)] as const);
    const theirs = known.map(([name, word]) => `${name}: ${word}${required.has(name) ? "!" : ""}`);
    // The client does not demand the spec of a workload and calls quantities text; statuses are not read.
    const alike = (line: string): string =>
      line
        .replace("quantity", "string")
        .replace(/^status: .*/, "status")
        .replace(/^(spec: .*?)!?$/, "$1");
    const ours = Object.entries(SCHEMA[type]!).map(([name, text]) => `${name}: ${text}`);
    expect(ours.map(alike).toSorted()).toEqual(theirs.map(alike).toSorted());
  });

  it("names no type that is not there", () => {
    const scalars = [
      "any",
      "base64",
      "boolean",
      "int32",
      "int64",
      "intOrString",
      "quantity",
      "string",
      "time",
    ];
    for (const text of Object.values(SCHEMA[type]!)) {
      const { base } = fieldTypeOf(text);
      expect(scalars.includes(base) || Object.hasOwn(SCHEMA, base)).toBe(true);
    }
  });
});
