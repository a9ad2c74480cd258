import { describe, expect, it } from "vitest";
import { limitModule } from "../../src/meter/limit-module.ts";
import { meterModule } from "../../src/meter/meter-module.ts";
import { build, exported } from "./build-binary.ts";
import type { TestModule } from "./build-binary.ts";
import { instantiateMetered } from "./run-guest.ts";

const nothing = [0x60, 0, 0];
const run = [0x60, 1, 0x7f, 1, 0x7f];
/** Arrays of i32, i8 and references, by type index 2, 3 and 4. */
const arrays = [
  [0x5e, 0x7f, 1],
  [0x5e, 0x78, 1],
  [0x5e, 0x63, 2, 1],
];
/** A number of four bytes, signed. */
function long(value: number): number[] {
  return [
    0x41,
    (value & 0x7f) | 0x80,
    ((value >> 7) & 0x7f) | 0x80,
    ((value >> 14) & 0x7f) | 0x80,
    value >> 21,
  ];
}

/** `run(n)` makes an array of n elements by `code`, and gives its length. */
function moduleOf(code: readonly number[]): Uint8Array<ArrayBuffer> {
  return build({
    types: [run, nothing, ...arrays],
    functions: [{ type: 0, code: [...code, 0xfb, 0x0f] }],
    exports: [exported("run", 0)],
    elements: [[5, 0x70, 0]],
    data: [[1, 3, 1, 2, 3]],
  });
}

type Run = (length: number) => number;

function runOf(bytes: Uint8Array<ArrayBuffer>, form: "metered" | "limited"): Run {
  if (form === "limited") {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(limitModule(bytes, 1).bytes));
    return exports["run"] as Run;
  }
  const metered = meterModule(bytes);
  const module = new WebAssembly.Module(metered.bytes);
  return instantiateMetered(metered, module, {}, () => undefined).exports["run"] as Run;
}

const MiB = 2 ** 20;

describe("an array that a guest makes", () => {
  const made: Record<string, { readonly code: readonly number[]; readonly most: number }> = {
    "array.new": { code: [0x41, 7, 0x20, 0, 0xfb, 6, 2], most: 4 * MiB },
    "array.new_default": { code: [0x20, 0, 0xfb, 7, 2], most: 4 * MiB },
    "array.new_default of bytes": { code: [0x20, 0, 0xfb, 7, 3], most: 16 * MiB },
    "array.new_default of references": { code: [0x20, 0, 0xfb, 7, 4], most: 2 * MiB },
  };
  for (const form of ["metered", "limited"] as const) {
    for (const [name, { code, most }] of Object.entries(made)) {
      it(`takes 16 MiB at most, and traps beyond: ${name} (${form})`, () => {
        const start = runOf(moduleOf(code), form);
        expect(start(3)).toBe(3);
        expect(start(most)).toBe(most);
        expect(() => start(most + 1)).toThrow(WebAssembly.RuntimeError);
        expect(() => start(-1)).toThrow(WebAssembly.RuntimeError);
      });
    }

    it(`is made of a data segment as before (${form})`, () => {
      const start = runOf(moduleOf([0x41, 0, 0x20, 0, 0xfb, 9, 3, 0]), form);
      expect(start(3)).toBe(3);
      expect(() => start(4)).toThrow(WebAssembly.RuntimeError);
      expect(() => start(16 * MiB + 1)).toThrow(/unreachable/);
    });
  }
});

describe("objects that are constants of a module", () => {
  const types = [nothing, [0x5e, 0x7f, 1], [0x5f, 2, 0x7e, 0, 0x7e, 0]];
  const given = (parts: Partial<TestModule>): Uint8Array<ArrayBuffer> => {
    const bytes = build({ types, functions: [], ...parts });
    expect(WebAssembly.validate(bytes)).toBe(true);
    return bytes;
  };
  /** An array of so many i32, as an externref. */
  const array = (length: number): number[] => [...long(length), 0xfb, 7, 1, 0xfb, 0x1b, 0x0b];
  const global = (expression: readonly number[]): number[] => [0x6f, 0, ...expression];

  it("are found wherever they stand, and whatever they are called", () => {
    const makes = (parts: Partial<TestModule>): boolean => meterModule(given(parts)).allocatesOnHostHeap;
    expect(makes({ globals: [global(array(1000))] })).toBe(true);
    expect(makes({ globals: [global([0x41, 1, 0xfb, 7, 1, 0xfb, 0x1b, 0x0b])] })).toBe(true);
    expect(makes({ globals: [global([0xfb, 1, 2, 0xfb, 0x1b, 0x0b])] })).toBe(true);
    expect(makes({ globals: [global([0x41, 1, 0x41, 2, 0xfb, 8, 1, 2, 0xfb, 0x1b, 0x0b])] })).toBe(true);
    expect(makes({ tables: [[0x40, 0, 0x6f, 0, 1, ...array(10)]] })).toBe(true);
    const tables = [[0x6f, 0, 1]];
    expect(makes({ tables, elements: [[6, 0, 0x41, 0, 0x0b, 0x6f, 1, ...array(10)]] })).toBe(true);
    expect(makes({ tables, elements: [[5, 0x6f, 1, ...array(10)]] })).toBe(true);
    expect(makes({ tables, globals: [global([0xd0, 0x6f, 0x0b])] })).toBe(false);
    expect(makes({ globals: [global([0x41, 5, 0xfb, 0x1c, 0xfb, 0x1b, 0x0b])] })).toBe(false);
  });

  it("take 16 MiB together at most", () => {
    const quarter = global(array(MiB - 100));
    for (const rewrite of [meterModule, (bytes: Uint8Array) => limitModule(bytes, 1)]) {
      expect(() => rewrite(given({ globals: [quarter, quarter, quarter, quarter] }))).not.toThrow();
      expect(() => rewrite(given({ globals: [quarter, quarter, quarter, quarter, quarter] }))).toThrow(
        /^The module's constants are objects of 2\d{7} bytes; 16777216 bytes are the most\.$/,
      );
      const computed = [...long(MiB), 0x41, 64, 0x6a, 0xfb, 7, 1, 0xfb, 0x1b, 0x0b];
      expect(() => rewrite(given({ globals: [global(computed)] }))).toThrow(
        "objects of a size that is computed",
      );
    }
  });
});
