import { encodeLeb } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";
import { meterModule } from "../../src/meter/meter-module.ts";
import { build, exported } from "./build-binary.ts";
import type { TestModule } from "./build-binary.ts";
import { instantiateMetered } from "./run-guest.ts";

const run = [0x60, 1, 0x7f, 1, 0x7f];
const nothing = [0x60, 0, 0];
const nop = 0x01;
const i32 = 0x7f;

/** `local 0 -= 1`, and whether there is still something left of it. */
const countDown = [0x20, 0, 0x41, 1, 0x6b, 0x22, 0];
/** `local 1 += 1`. */
const countUp = [0x20, 1, 0x41, 1, 0x6a, 0x21, 1];

function block(...code: number[]): number[] {
  return [0x02, 0x40, ...code, 0x0b];
}

function moduleOf(code: readonly number[], more: Partial<TestModule> = {}): Uint8Array<ArrayBuffer> {
  return build({
    types: [run, nothing, [0x60, 1, i32, 0]],
    functions: [
      { type: 0, locals: [i32, i32], code },
      { type: 1, code: [] },
    ],
    memories: [[0, 1]],
    tags: [[0, 1]],
    exports: [exported("run", 0)],
    ...more,
  });
}

/** What `run(argument)` returns and how often it passed a check; it must return what the original does. */
function measure(bytes: Uint8Array<ArrayBuffer>, argument: number): { result: number; checks: number } {
  const original = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const metered = meterModule(bytes);
  let checks = 0;
  const module = new WebAssembly.Module(metered.bytes);
  const { exports, flag } = instantiateMetered(metered, module, {}, () => checks++);
  flag[0] = 1;
  type Run = (argument: number) => number;
  const result = (exports["run"] as Run)(argument);
  expect(result).toBe((original.exports["run"] as Run)(argument));
  return { result, checks };
}

/** A loop of as many rounds as the argument says, with `extra` in it; the result is the number of rounds. */
function rounds(extra: readonly number[], type = [0x40]): number[] {
  return [0x03, ...type, ...extra, ...countUp, ...countDown, 0x0d, 0, 0x0b, 0x20, 1];
}

function nops(count: number): number[] {
  return Array.from({ length: count }, () => nop);
}

describe("a small loop", () => {
  it("passes its check once in eight rounds; a larger one more often, and beyond 128 bytes each time", () => {
    expect(measure(moduleOf(rounds([])), 64)).toEqual({ result: 64, checks: 8 });
    expect(measure(moduleOf(rounds([])), 65)).toEqual({ result: 65, checks: 9 });
    expect(measure(moduleOf(rounds([])), 1)).toEqual({ result: 1, checks: 1 });
    // 16 bytes are the counting.
    expect(measure(moduleOf(rounds(nops(128 - 16))), 64)).toEqual({ result: 64, checks: 32 });
    expect(measure(moduleOf(rounds(nops(129 - 16))), 64)).toEqual({ result: 64, checks: 64 });
  });

  it("gives its result from whichever round ends it", () => {
    // loop (result i32): count, go on while something is left, 7 times the rounds.
    const code = [0x03, i32, ...countUp, ...countDown, 0x0d, 0, 0x20, 1, 0x41, 7, 0x6c, 0x0b];
    for (const argument of [1, 7, 8, 9, 30])
      expect(measure(moduleOf(code), argument).result).toBe(argument * 7);
  });

  it("can be gone on with and left from blocks within, to any label, by br, br_if and br_table", () => {
    // After 20 rounds an odd rest leaves two blocks further out, by br_table; an even one goes on from within a block.
    const body = [
      ...countUp,
      ...block(0x20, 1, 0x41, 20, 0x49, 0x0d, 0, 0x20, 1, 0x41, 1, 0x71, 0x0e, 2, 1, 3, 0),
      ...block(...countDown, 0x45, 0x0d, 2, 0x0c, 1),
    ];
    const code = [
      0x02,
      0x40,
      0x02,
      0x40,
      0x03,
      0x40,
      ...body,
      0x0b,
      0x0b,
      0x41,
      0xe4,
      0,
      0x20,
      1,
      0x6a,
      0x0f,
      0x0b,
      0x20,
      1,
    ];
    for (let argument = 1; argument < 40; argument++) measure(moduleOf(code), argument);
    expect(measure(moduleOf(code), 5).result).toBe(105);
    expect(measure(moduleOf(code), 40)).toEqual({ result: 21, checks: 4 });
  });

  it("keeps labels that need one more byte because they have moved", () => {
    for (const depth of [124, 125, 126, 127, 128, 129, 200]) {
      const open = Array.from({ length: depth }, () => [0x02, 0x40]).flat();
      const leave = [...countDown, 0x45, 0x0d, ...encodeLeb(depth)];
      const table = [0x20, 1, 0x41, 5, 0x47, 0x0e, 1, ...encodeLeb(depth), 0];
      const body = [...countUp, ...leave, ...table];
      const closed = Array.from({ length: depth }, () => 0x0b);
      const code = [...open, 0x03, 0x40, ...body, 0x0b, ...closed, 0x20, 1];
      expect(measure(moduleOf(code), 3).result).toBe(3);
      expect(measure(moduleOf(code), 30).result).toBe(5);
    }
  });

  it("may catch and throw within", () => {
    // try: throw in every round; catch takes the thrown number, which counts the rounds.
    const body = [0x06, 0x40, 0x20, 0, 0x08, 0, 0x07, 0, 0x1a, ...countUp, 0x0b, ...countDown, 0x0d, 0];
    const bytes = moduleOf([0x03, 0x40, ...body, 0x0b, 0x20, 1], { tags: [[0, 2]] });
    expect(measure(bytes, 40)).toEqual({ result: 40, checks: 5 });
  });
});

describe("a loop", () => {
  const notUnrolled: Record<string, readonly number[]> = {
    "calls a function": rounds([0x10, 1]),
    "copies memory": rounds([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0a, 0, 0]),
    "asks for memory": rounds([0x41, 0, 0x40, 0, 0x1a]),
    rethrows: rounds([0x06, 0x40, 0x19, 0x09, 0, 0x0b]),
    delegates: rounds([0x06, 0x40, 0x18, 0]),
    "branches on null": rounds(block(0xd0, 0x70, 0xd5, 0, 0x1a)),
    "branches on a cast": rounds([0x02, 0x70, 0xd0, 0x70, 0xfb, 0x18, 3, 0, 0x70, 0x70, 0x0b, 0x1a]),
    "catches by label": rounds(block(0x1f, 0x40, 1, 2, 0, 0x0b)),
    "has parameters": [
      0x20,
      0,
      0x03,
      2,
      0x1a,
      ...countUp,
      0x20,
      0,
      ...countDown,
      0x0d,
      0,
      0x1a,
      0x0b,
      0x20,
      1,
    ],
  };
  for (const [what, code] of Object.entries(notUnrolled)) {
    it(`that ${what} passes a check in every round`, () => {
      const bytes = moduleOf(code);
      expect(WebAssembly.validate(bytes)).toBe(true);
      const { result, checks } = measure(bytes, 24);
      expect(result).toBe(24);
      expect(checks).toBeGreaterThanOrEqual(24);
    });
  }

  it("around another one is not unrolled, the one within is", () => {
    const inner = [0x41, 16, 0x21, 2, 0x03, 0x40, 0x20, 2, 0x41, 1, 0x6b, 0x22, 2, 0x0d, 0, 0x0b];
    expect(measure(moduleOf(rounds(inner)), 10)).toEqual({ result: 10, checks: 10 + 10 * 2 });
  });
});

describe("what copies add to a module", () => {
  const empty = [0x03, 0x40, 0x0b];
  const spin = [0x03, 0x40, ...nops(100), 0x0b];
  const sizeOf = (code: readonly number[]): number => meterModule(moduleOf(code)).bytes.length;
  const checkSize = sizeOf([...empty, ...empty]) - sizeOf(empty) - empty.length;

  it.each([
    ["large loops", 20_000, spin, 0.6],
    // The hints of their checks are longer than in a small module, too.
    ["tiny loops", 100_000, [0x03, 0x40, nop, 0x0b], 0.8],
  ])("is half of its code at most, beyond 64 KiB: %s", (_, loops, loop, most) => {
    const functions = Array.from({ length: 100 }, () => ({
      type: 1,
      code: Array.from({ length: loops / 100 }, () => loop).flat(),
    }));
    const original = moduleOf([], { functions });
    const { bytes } = meterModule(original);
    expect(WebAssembly.validate(bytes)).toBe(true);
    const grown = bytes.length - original.length - loops * checkSize;
    expect(grown).toBeGreaterThan(original.length * 0.4);
    expect(grown).toBeLessThan(original.length * most);
  });

  it("is nothing in a function of more than a MiB", () => {
    const code = [...rounds([]), 0x1a, ...nops(1024 * 1024), 0x20, 1];
    expect(measure(moduleOf(code), 64).checks - measure(moduleOf(code), 1).checks).toBe(63);
  });
});
