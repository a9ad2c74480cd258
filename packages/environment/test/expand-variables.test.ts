import * as fc from "fast-check";
import { expect, it } from "vitest";

import { expandVariables } from "../src/index.ts";

const variables = new Map([
  ["VAR_A", "A"],
  ["VAR_B", "B"],
  ["VAR_C", "C"],
  ["VAR_REF", "$(VAR_A)"],
  ["VAR_EMPTY", ""],
]);
const expand = (text: string): string => expandVariables(text, (name) => variables.get(name));

it.each([
  ["$(VAR_A)", "A"],
  ["___$(VAR_B)___", "___B___"],
  ["$(VAR_A)_$(VAR_B)_$(VAR_C)", "A_B_C"],
  ["$(VAR_A)$(VAR_A)", "AA"],
  ["$(VAR_REF)", "$(VAR_A)"],
  ["x$(VAR_EMPTY)y", "xy"],
  ["$$(VAR_A)", "$(VAR_A)"],
  ["$$$(VAR_A)", "$A"],
  ["$$$$(VAR_A)", "$$(VAR_A)"],
  ["$(UNKNOWN)", "$(UNKNOWN)"],
  ["$(VAR_A", "$(VAR_A"],
  ["$VAR_A)", "$VAR_A)"],
  ["$(", "$("],
  ["$", "$"],
  ["$$", "$"],
  ["a$", "a$"],
  ["$()", "$()"],
  ["$é$(VAR_A)", "$éA"],
  ["$($(VAR_A)", "$($(VAR_A)"],
  ["\n$(VAR_A)\n", "\nA\n"],
  ["", ""],
])("expands %j to %j", (text, expanded) => {
  expect(expand(text)).toBe(expanded);
});

it("leaves text without a dollar alone, and undoes doubling", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(expand(text.replaceAll("$", "$$$$"))).toBe(text);
    }),
    { seed: 3, numRuns: 300 },
  );
});

it("takes time in proportion to a text of unclosed references", () => {
  const text = "$(".repeat(500_000);
  expect(expand(text)).toBe(text);
  const closed = `${text})`;
  expect(expand(closed)).toBe(closed);
});

it("ends in an error when references multiply", () => {
  const large = "x".repeat(600_000);
  expect(() => expandVariables("$(A)$(A)", () => large)).toThrow(
    expect.objectContaining({ code: "InvalidField", message: expect.stringContaining("$(A)") }),
  );
});
