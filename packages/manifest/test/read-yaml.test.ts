import { isKrustletError } from "@krustlet/interface";
import { describe, expect, it } from "vitest";

import { MAX_MANIFEST_LENGTH } from "../src/index.ts";
import { readYaml } from "../src/read-yaml.ts";
import { scalarOf } from "../src/scalar-of.ts";

const read = (text: string): unknown[] => readYaml(text, "x.yaml").map(({ value }) => value);
const failing = (text: string): string => {
  try {
    readYaml(text, "x.yaml");
  } catch (error) {
    if (isKrustletError(error, "InvalidManifest")) return error.message;
    throw error;
  }
  throw new Error("it was read");
};

describe("plain scalars", () => {
  it.each<[string, unknown]>([
    ["0644", 420],
    ["0o644", 420],
    ["0x1F", 31],
    ["0b101", 5],
    ["1_000", 1000],
    ["-7", -7],
    ["+7", 7],
    ["-0", 0],
    ["08", 8],
    ["1.5", 1.5],
    [".5", 0.5],
    ["1e3", 1000],
    ["yes", true],
    ["On", true],
    ["y", true],
    ["no", false],
    ["OFF", false],
    ["~", null],
    ["", null],
    ["null", null],
    ["1.2.3", "1.2.3"],
    ["12:30", "12:30"],
    ["2026-01-31", "2026-01-31"],
    ["100m", "100m"],
    ["v1", "v1"],
    ["0x", "0x"],
    ["-", "-"],
    ["yEs", "yEs"],
  ])("%j is %j", (text, value) => {
    expect(scalarOf(text)).toBe(value);
  });

  it.each([".inf", "-.Inf", ".nan", "1e999"])("%j is nothing that JSON has", (text) => {
    expect(scalarOf(text)).toBeUndefined();
  });
});

describe("readYaml", () => {
  it("reads several documents, leaves empty ones out and keeps their numbers", () => {
    const documents = readYaml("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n", "x.yaml");
    expect(documents.map(({ number, line, value }) => [number, line, value])).toEqual([
      [2, 3, { a: 1 }],
      [4, 7, { b: 2 }],
    ]);
  });

  it("reads JSON", () => {
    expect(read('{"a": ["1", 2, true, null], "b": {"c": "\\u00e9"}}')).toEqual([
      { a: ["1", 2, true, null], b: { c: "é" } },
    ]);
  });

  it("keeps quoted scalars text, and follows standard tags", () => {
    const text =
      "a: '0644'\nb: \"yes\"\nc: !!str 12\nd: !!int 12\ne: ! 12\nf: |\n  1\ng: !!float 1.5\nh: !!null ~\n";
    expect(read(text)).toEqual([{ a: "0644", b: "yes", c: "12", d: 12, e: "12", f: "1\n", g: 1.5, h: null }]);
  });

  it("expands aliases and merge keys", () => {
    const text = "a: &a {x: 1, w: 2}\nb: *a\nc: {<<: *a, x: 3}\nd: {<<: [{z: 1}, *a]}\n";
    expect(read(text)).toEqual([
      { a: { x: 1, w: 2 }, b: { x: 1, w: 2 }, c: { x: 3, w: 2 }, d: { z: 1, x: 1, w: 2 } },
    ]);
  });

  it("takes the anchor that was set last", () => {
    expect(read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")).toEqual([{ a: 1, b: 1, c: 2, d: 2 }]);
  });

  it("keeps __proto__ and constructor as plain keys", () => {
    const [value] = read("__proto__: {polluted: true}\nconstructor: 1\n");
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const [merged] = read("a: &a {__proto__: {polluted: true}}\nb: {<<: *a}\n");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf((merged as { b: object }).b)).toBe(Object.prototype);
  });

  it("takes numbers and booleans as keys where they are written as they are kept", () => {
    expect(read("8080: a\ntrue: b\n")).toEqual([{ 8080: "a", true: "b" }]);
  });

  it.each<[string, string]>(
    [
      ["a: [", "document 1, line 1"],
      ["a: 1\n\tb: 2", "Tabs"],
      ["a: {x: 1\nb: 2", "document 1, line"],
      ["a: 'x", "document 1, line 1"],
      ["a: 1\n---\nb: 1\nb: 2", 'document 2, line 4: the key "b" is there twice'],
      ["{a: 1, a: 2}", 'the key "a" is there twice'],
      ["0644: x", "the key 0644 is no text; put it in quotes"],
      ["yes: x", "the key yes is no text"],
      ["~: x", "the key ~ is no text"],
      ["[a]: x", "a key is no text"],
      ["{a: b}: x", "a key is no text"],
      ["a: *b", "alias"],
      ["a: &a [*a]", "an alias holds itself"],
      ["a: &a {b: {<<: *a}}", "an alias holds itself"],
      ["a: {<<: 1}", "a merge key"],
      ["a: !!binary aGk=", "the tag"],
      ["a: !custom x", "the tag !custom"],
      ["a: !!int x", "the tag"],
      ["a: !!map [x]", "the tag"],
      ["a: !!js/function x", "the tag"],
      ["a: .inf", ".inf is not a number"],
      ["a: b\n c: d: e", "document 1, line"],
      ["%YAML 1.2", "x.yaml"],
    ].slice(0, 22) as [string, string][],
  )("refuses %j", (text, message) => {
    expect(failing(text)).toContain(message);
  });

  it("shows nothing in a message that could confuse a terminal", () => {
    expect(failing('"a\\e[31m\\u202eb": 1\n"a\\e[31m\\u202eb": 2')).toContain("a\\u{1b}[31m\\u{202e}b");
  });

  it("reads JSON of any width that stands in one line", () => {
    const wide = Array.from({ length: 300 }, (_, index) => ({ name: `c${index}`, image: "x" }));
    expect(read(JSON.stringify(wide))).toEqual([wide]);
  });

  it("bounds size, depth and expansion", () => {
    expect(failing(`#${"x".repeat(MAX_MANIFEST_LENGTH)}`)).toBe("x.yaml: the manifest is larger than 4 MiB");
    expect(failing("[".repeat(50_000))).toContain("nests more than 100 levels");
    expect(failing("- ".repeat(50_000))).toContain("nests more than 100 levels");
    expect(failing(`${"[".repeat(200)}${"]".repeat(200)}`)).toContain("nests more than 100 levels");
    const bomb = Array.from({ length: 12 }, (_, level) => {
      const items = Array.from({ length: 9 }, () => (level === 0 ? "x" : `*a${level - 1}`));
      return `a${level}: &a${level} [${items.join(",")}]`;
    });
    expect(failing(bomb.join("\n"))).toContain("once its aliases are expanded");
    const text = `a: &a "${"x".repeat(100_000)}"\nb: [${"*a,".repeat(200)}]`;
    expect(failing(text)).toContain("expand to more text");
  });

  it("reads a map of many keys in time that grows with it", () => {
    const text = Array.from({ length: 5_000 }, (_, index) => `k${index}: v`).join("\n");
    expect(Object.keys(read(text)[0] as object)).toHaveLength(5_000);
  });
});
