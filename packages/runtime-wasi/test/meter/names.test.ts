import { encodeCustomSection, encodeLeb, encodeText } from "@krustlet/testkit";
import { functionNamesOf, readSections } from "@krustlet/wasm-binary";
import { expect, it } from "vitest";
import { limitModule } from "../../src/meter/limit-module.ts";
import { meterModule } from "../../src/meter/meter-module.ts";
import { build } from "./build-binary.ts";

/** A module of two functions with these names, itself called `module`. */
function named(module: string, first: string, second: string): Uint8Array<ArrayBuffer> {
  const own = encodeText(module);
  const functions = [2, 0, ...encodeText(first), 1, ...encodeText(second)];
  const sections = [0, ...encodeLeb(own.length), ...own, 1, ...encodeLeb(functions.length), ...functions];
  return build({
    types: [[0x60, 0, 0]],
    functions: [
      { type: 0, code: [] },
      { type: 0, code: [] },
    ],
    last: encodeCustomSection("name", sections),
  });
}

function namesIn(bytes: Uint8Array): (string | undefined)[] {
  const names = functionNamesOf(bytes, readSections(bytes));
  return [names.get(0), names.get(1)];
}

const long = "x".repeat(1025);

for (const [form, rewrite] of [
  ["metered", meterModule],
  ["limited", (bytes: Uint8Array) => limitModule(bytes, 1)],
] as const) {
  it(`cuts a name that is too long to be told, and leaves the others (${form})`, () => {
    expect(namesIn(rewrite(named("m", "a", "b")).bytes)).toEqual(["a", "b"]);
    expect(namesIn(rewrite(named("m", "a", long.slice(1))).bytes)).toEqual(["a", long.slice(1)]);
    expect(namesIn(rewrite(named("m", long, "b")).bytes)).toEqual([long.slice(1), "b"]);
    const { bytes } = rewrite(named(long, "a", "b"));
    expect(namesIn(bytes)).toEqual(["a", "b"]);
    expect(Buffer.from(bytes).includes(long)).toBe(false);
  });

  it(`cuts a name between two letters (${form})`, () => {
    expect(namesIn(rewrite(named("m", `${"x".repeat(1023)}é`, "b")).bytes)).toEqual(["x".repeat(1023), "b"]);
    expect(namesIn(rewrite(named("m", "𝄞".repeat(1000), "b")).bytes)).toEqual(["𝄞".repeat(256), "b"]);
  });
}

it("tells the start of a long name where it refuses a function", () => {
  const bytes = named("m", long, "b");
  const broken = Buffer.from(bytes);
  // The first body is `end`: an opcode that nobody knows in its place.
  broken[broken.indexOf(Buffer.of(10, 7, 2, 2, 0, 0x0b)) + 5] = 0x27;
  expect(() => meterModule(new Uint8Array(broken))).toThrow(
    `Function 0 (${"x".repeat(200)}) has the unknown opcode 0x27.`,
  );
});
