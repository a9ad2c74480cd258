import { isKrustletError } from "@krustlet/interface";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseManifest } from "../src/index.ts";
import { SCHEMA } from "../src/schema/schema.ts";
import { fieldTypeOf } from "../src/schema/types.ts";

const numRuns = Number(process.env.KRUSTLET_FUZZ_RUNS ?? 300);
const settings = { seed: 11, numRuns };

const LINE = /^(?:fuzz\.yaml[:,] |… and \d+ more problems$)/;

/** What becomes of `text`: `fine` for a manifest, or for one of three errors of ours whose lines name the file. */
function verdictOn(text: string): string {
  try {
    const { pods } = parseManifest(text, { source: "fuzz.yaml" });
    if (pods.some(({ spec }) => !spec?.containers.length)) return "a Pod without containers";
  } catch (error) {
    if (!isKrustletError(error)) throw error;
    if (!["InvalidManifest", "InvalidField", "UnsupportedField"].includes(error.code)) return error.code;
    const odd = error.message.split("\n").find((line) => !LINE.test(line) || /\p{Cc}/u.test(line));
    if (odd !== undefined) return odd;
  }
  return Object.keys(Object.prototype).length === 0 ? "fine" : "a polluted prototype";
}

const SEED_TEXT = `apiVersion: v1
kind: Pod
metadata: {name: p, labels: {a: b}}
spec:
  containers:
  - name: c
    image: &i i:v1
    env: [{name: A, value: "x"}, {name: B, valueFrom: {configMapKeyRef: {name: m, key: k}}}]
    volumeMounts: [{name: v, mountPath: /v, subPath: a/b}]
  - {name: d, image: *i}
  volumes:
  - name: v
    configMap: {name: m, defaultMode: 0644, items: [{key: k, path: a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 2, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
data: {a: eA==}
`;

const SNIPPETS = [
  "&a ",
  "*a",
  "<<: ",
  "- ",
  "? ",
  ": ",
  "{",
  "}",
  "[",
  "]",
  "\n",
  "\t",
  "---\n",
  "...\n",
  "!!str ",
  "!x ",
  "|\n",
  ">-\n",
  "'",
  '"',
  "#",
  "%TAG ! x\n",
  "\0",
  "\u2028",
  "\ud800",
  "__proto__: ",
  "~",
  "0x",
  ".inf",
  "null",
  "  ",
];

describe("parseManifest survives", () => {
  it("any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(verdictOn(text)).toBe("fine");
      }),
      settings,
    );
  });

  it("any mix of what YAML is made of", () => {
    const mix = fc.array(fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ maxLength: 4 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(mix, (parts) => {
        expect(verdictOn(parts.join(""))).toBe("fine");
      }),
      settings,
    );
  });

  it("a manifest with parts cut out and put in", () => {
    const edit = fc.record({
      at: fc.nat(SEED_TEXT.length),
      cut: fc.nat(12),
      put: fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ maxLength: 6 })),
    });
    const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
    const apply = (text: string, { at, cut, put }: { at: number; cut: number; put: string }): string =>
      text.slice(0, at) + put + text.slice(at + cut);
    expect(parseManifest(SEED_TEXT, { source: "seed.yaml" }).pods).toHaveLength(3);
    fc.assert(
      fc.property(edits, (all) => {
        expect(verdictOn(all.reduce(apply, SEED_TEXT))).toBe("fine");
      }),
      settings,
    );
  });

  it("any JSON in any field of a Pod", () => {
    const fields = Object.keys(SCHEMA.PodSpec!);
    const containerFields = Object.keys(SCHEMA.Container!);
    const value = fc.jsonValue({ maxDepth: 3 });
    const object = fc.record({
      spec: fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 4, noNullPrototype: true }),
      container: fc.dictionary(fc.constantFrom(...containerFields), value, {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      metadata: value,
    });
    const build = ({
      spec,
      container,
      metadata,
    }: {
      spec: object;
      container: object;
      metadata: unknown;
    }): void => {
      const containers = [{ name: "c", image: "i", ...container }];
      expect(
        verdictOn(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers, ...spec } })),
      ).toBe("fine");
    };
    fc.assert(fc.property(object, build), settings);
  });

  it("Pods of the right types and of any content", () => {
    const valueOf = (type: string, depth: number): fc.Arbitrary<unknown> => {
      const fields = SCHEMA[type];
      if (fields === undefined) return scalar(type);
      if (depth > 5) return fc.constant({});
      const entries = Object.entries(fields).map(([name, text]) => {
        const { base, shape } = fieldTypeOf(text);
        const one = valueOf(base, depth + 1);
        const field =
          shape === "list"
            ? fc.array(one, { maxLength: 2 })
            : shape === "map"
              ? fc.dictionary(fc.string(), one, { maxKeys: 2 })
              : one;
        return [name, field] as const;
      });
      const names = entries.map(([name]) => name);
      const required = names.filter((name) => fields[name]!.endsWith("!"));
      const all = Object.fromEntries(entries);
      return fc.shuffledSubarray(names, { maxLength: Math.min(names.length, 5) }).chain((some) => {
        const chosen = new Set([...required, ...some]);
        return fc.record(Object.fromEntries([...chosen].map((name) => [name, all[name]!])));
      });
    };
    const scalar = (type: string): fc.Arbitrary<unknown> => {
      if (type === "boolean") return fc.boolean();
      if (type === "int32" || type === "int64") return fc.integer({ min: -2, max: 70_000 });
      if (type === "quantity") return fc.constantFrom("1", "500m", "-1", "1Gi", 2, 0);
      if (type === "time") return fc.constant("2026-01-31T00:00:00Z");
      if (type === "base64") return fc.constantFrom("eA==", "x");
      return fc.oneof(
        fc.constantFrom("a", "b", "v1", "", "..", "/x", "Always", "Never"),
        fc.string({ maxLength: 5 }),
      );
    };
    const spec = valueOf("PodSpec", 0);
    const build = (value: unknown): void => {
      expect(
        verdictOn(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: value })),
      ).toBe("fine");
    };
    fc.assert(fc.property(spec, build), { ...settings, numRuns: Math.ceil(numRuns / 3) });
  });
});
