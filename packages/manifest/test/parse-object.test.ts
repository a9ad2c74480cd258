import { expect, it } from "vitest";

import { ignoredLoudly, parseObject, refusedUnless, supported } from "../src/index.ts";

const options = {
  source: "app.yaml",
  schema: {
    Config: { name: "string!", wait: "duration", share: "number", mode: "string", sub: "Sub" },
    Sub: { fast: "boolean" },
  },
  type: "Config",
  fields: {
    name: supported,
    mode: refusedUnless(["plain"], "only plain can be"),
    sub: ignoredLoudly("nothing reads it"),
  },
};
const parse = (text: string) => parseObject(text, options);

it("gives an object that has the type", () => {
  expect(parse("name: a\nwait: 1h30m\nshare: 0.5\nmode: plain\n").value).toEqual({
    name: "a",
    wait: "1h30m",
    share: 0.5,
    mode: "plain",
  });
});
it("names file, line and field of what is wrong, and of what a rule of the caller's finds", () => {
  expect(() => parse("wait: soon\n")).toThrow(
    'app.yaml, document 1, line 1: wait: must be a duration such as 10s or 1h30m, got the string "soon"\n' +
      "app.yaml, document 1, line 1: name: is required",
  );
  expect(() => parse("name: a\nsub:\n  fastt: true\n")).toThrow(
    'line 3: sub.fastt: unknown field (did you mean "fast"?)',
  );
  expect(() => parse("name: a\nmode: fancy\n")).toThrow("line 2: mode: only plain can be");
  expect(parse("name: a\n\nwait: 0s\n").errorAt(["wait"], "is too short").message).toBe(
    "app.yaml, document 1, line 3: wait: is too short",
  );
});
it("tells what is left unread", () => {
  expect(parse("name: a\nsub: {fast: true}\n").warnings).toEqual(["app.yaml: sub ignored: nothing reads it"]);
});
it.each(["", "---\n", "name: a\n---\nname: b\n", "[1]", "7", "{"])(
  "refuses what is no one object: %j",
  (text) => {
    expect(() => parse(text)).toThrow("app.yaml");
  },
);
