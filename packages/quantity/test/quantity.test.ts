import { isKrustletError } from "@krustlet/interface";
import { compareQuantities, formatQuantity, milliValueOf, parseQuantity, valueOf } from "@krustlet/quantity";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const NANO = 10n ** 9n;
const runs = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 20_000);

function codeOf(text: string): string | undefined {
  try {
    parseQuantity(text);
    return undefined;
  } catch (error) {
    return isKrustletError(error) ? error.code : "not a KrustletError";
  }
}

function boundsOf(text: string): string {
  const { nano } = parseQuantity(text);
  const magnitude = nano < 0n ? -nano : nano;
  return magnitude <= 2n ** 63n * NANO && /\d/.test(text) ? "in bounds" : `${nano} from ${text}`;
}

describe("parseQuantity", () => {
  it.each([
    ["0", 0n],
    ["1", NANO],
    ["+1", NANO],
    ["-1", -NANO],
    ["1.", NANO],
    [".5", NANO / 2n],
    ["007", 7n * NANO],
    ["1n", 1n],
    ["1u", 1000n],
    ["500m", NANO / 2n],
    ["2k", 2000n * NANO],
    ["1M", 10n ** 15n],
    ["1G", 10n ** 18n],
    ["1T", 10n ** 21n],
    ["1P", 10n ** 24n],
    ["1E", 10n ** 27n],
    ["1Ki", 1024n * NANO],
    ["1Mi", 1024n ** 2n * NANO],
    ["1.5Gi", (3n * 1024n ** 3n * NANO) / 2n],
    ["1Ti", 1024n ** 4n * NANO],
    ["1Pi", 1024n ** 5n * NANO],
    ["1Ei", 1024n ** 6n * NANO],
    ["1e3", 1000n * NANO],
    ["1E3", 1000n * NANO],
    ["1.25e-2", 12_500_000n],
    ["1e+2", 100n * NANO],
    ["0e99999999999999999999", 0n],
  ])("reads %s", (text, nano) => {
    expect(parseQuantity(text).nano).toBe(nano);
  });

  it("rounds what is finer than a nano unit away from zero", () => {
    expect(parseQuantity("0.1n").nano).toBe(1n);
    expect(parseQuantity("-1.1n").nano).toBe(-2n);
    expect(parseQuantity("1e-99999").nano).toBe(1n);
  });

  it("caps what is larger than 2^63-1 units", () => {
    const most = (2n ** 63n - 1n) * NANO;
    expect(parseQuantity("1e999999999").nano).toBe(most);
    expect(parseQuantity("-8Ei").nano).toBe(-most);
    expect(parseQuantity("9223372036854775807").nano).toBe(most);
  });

  it.each([
    "",
    " ",
    "1 ",
    " 1",
    "1\n",
    ".",
    "+",
    "-",
    "m",
    "Ki",
    "1ki",
    "1K",
    "1mi",
    "1Gib",
    "1g",
    "1e",
    "1e+",
    "1e1.5",
    "1e3Ki",
    "1,5",
    "--1",
    "1.2.3",
    "0x10",
    "NaN",
    "Infinity",
    "١",
    "1".repeat(257),
    "1m ".repeat(9),
  ])("refuses %j", (text) => {
    expect(codeOf(text)).toBe("InvalidField");
  });

  it("names the field and the text, and shortens a long one", () => {
    expect(() => parseQuantity("12 apples", "resources.limits.cpu")).toThrow(
      'resources.limits.cpu: "12 apples" is not a quantity such as 500m, 1.5Gi or 1e3',
    );
    expect(() => parseQuantity("x".repeat(100_000))).toThrow(/^.{0,140}$/);
  });

  it("either reads a text within the bounds or throws InvalidField, whatever the text", () => {
    const piece = fc.constantFrom(
      "1",
      "9",
      "0",
      ".",
      "-",
      "+",
      "e",
      "E",
      "i",
      "K",
      "M",
      "m",
      "n",
      "u",
      "k",
      " ",
      "é",
      "1e",
      "00",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (text) => {
        expect(["InvalidField", "in bounds"]).toContain(codeOf(text) ?? boundsOf(text));
      }),
      { seed: 4, numRuns: runs },
    );
  });
});

describe("valueOf and milliValueOf", () => {
  it.each([
    ["1.5Gi", 1_610_612_736, 1_610_612_736_000],
    ["100m", 1, 100],
    ["1n", 1, 1],
    ["-1n", -1, -1],
    ["-1.5", -2, -1500],
    ["0", 0, 0],
  ])("round %s away from zero", (text, value, milli) => {
    expect(valueOf(parseQuantity(text))).toBe(value);
    expect(milliValueOf(parseQuantity(text))).toBe(milli);
  });
});

describe("compareQuantities", () => {
  it.each([
    ["1000m", "1", 0],
    ["1Ki", "1k", 1],
    ["-1", "1n", -1],
    ["1e3", "1k", 0],
  ])("compares %s with %s by amount", (a, b, order) => {
    expect(compareQuantities(parseQuantity(a), parseQuantity(b))).toBe(order);
  });
});

describe("formatQuantity", () => {
  it.each([
    ["1.5Gi", "1536Mi"],
    ["1024Ki", "1Mi"],
    ["512Ki", "512Ki"],
    ["0.5Ki", "512"],
    ["0.0005Ki", "512m"],
    ["1000m", "1"],
    ["0.1", "100m"],
    ["1500", "1500"],
    ["2000", "2k"],
    ["1000e3", "1e6"],
    ["1e-1", "100e-3"],
    ["5e0", "5"],
    ["-3000Mi", "-3000Mi"],
    ["0Gi", "0"],
    ["1Ei", "1Ei"],
  ])("writes %s as %s", (text, written) => {
    expect(formatQuantity(parseQuantity(text))).toBe(written);
  });

  it("writes what reads back as the same amount, in canonical form", () => {
    const number = fc.tuple(fc.constantFrom("", "-"), fc.nat(), fc.option(fc.nat(999_999)));
    const suffix = fc.constantFrom(
      "",
      "n",
      "u",
      "m",
      "k",
      "M",
      "G",
      "T",
      "P",
      "E",
      "Ki",
      "Mi",
      "Gi",
      "Ti",
      "Pi",
      "Ei",
      "e3",
      "E-2",
      "e12",
    );
    fc.assert(
      fc.property(number, suffix, ([sign, whole, fraction], suffix) => {
        const quantity = parseQuantity(`${sign}${whole}${fraction === null ? "" : `.${fraction}`}${suffix}`);
        const written = formatQuantity(quantity);
        expect(parseQuantity(written).nano).toBe(quantity.nano);
        expect(formatQuantity(parseQuantity(written))).toBe(written);
        expect(written).toMatch(/^-?\d+([numkMGTPE]|[KMGTPE]i|e-?\d+)?$/);
      }),
      { seed: 5, numRuns: Math.min(runs, 5000) },
    );
  });
});
