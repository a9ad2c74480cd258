import { encodeLeb, encodeText } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";
import { limitModule } from "../../src/meter/limit-module.ts";
import { meterModule } from "../../src/meter/meter-module.ts";
import { build, exported } from "./build-binary.ts";
import type { TestModule } from "./build-binary.ts";

const nothing = [0x60, 0, 0];
const i32 = 0x7f;

function times(count: number, code: readonly number[]): number[] {
  return Array.from({ length: count }, () => code).flat();
}

/** A module of a function with so many locals. */
function moduleOf(
  code: readonly number[],
  locals = 0,
  more: Partial<TestModule> = {},
): Uint8Array<ArrayBuffer> {
  const bytes = build({
    types: [nothing],
    functions: [{ type: 0, locals: times(locals, [i32]), code }],
    memories: [[0, 1]],
    exports: [exported("run", 0)],
    ...more,
  });
  expect(WebAssembly.validate(bytes)).toBe(true);
  return bytes;
}

const block = [0x02, 0x40, 0x0b];
const loop = [0x03, 0x40, 0x0b];
const leave = [0x41, 0, 0x0d, 0];
/** `() -> (i32 × 1000)`, and what takes as much. */
const wide = [0x60, 0, ...encodeLeb(1000), ...times(1000, [i32])];
const narrow = [0x60, ...encodeLeb(1000), ...times(1000, [i32]), 0];

describe("a function that takes the engine minutes to compile", () => {
  const bombs: Record<string, Uint8Array<ArrayBuffer>> = {
    "many locals and loops": moduleOf(times(1000, loop), 50_000),
    "many locals and blocks": moduleOf(times(3000, block), 50_000),
    "many locals and branches": moduleOf([0x02, 0x40, ...times(3000, leave), 0x0b], 50_000),
    "many locals and labels of br_table": moduleOf(
      [
        ...times(1000, [0x02, 0x40]),
        0x41,
        0,
        0x0e,
        ...encodeLeb(1000),
        ...times(1001, [7]),
        ...times(1000, [0x0b]),
      ],
      50_000,
    ),
    "many operands and branches": moduleOf([
      0x02,
      0x40,
      ...times(40_000, [0x41, 5]),
      ...times(3000, [...leave, 0x01]),
      ...times(40_000, [0x1a]),
      0x0b,
    ]),
    "many operands beneath blocks that end": moduleOf(
      [...times(40_000, [0x20, 0, 0x45]), ...times(3000, block), ...times(40_000, [0x1a])],
      1,
    ),
    "nested loops around many locals that are set": moduleOf(
      [...times(300, [0x03, 0x40]), ...times(10_000, [0x20, 0, 0x21, 1]), ...times(300, [0x0b])],
      2,
    ),
    "wide calls": moduleOf([], 0, {
      types: [nothing, wide, narrow],
      functions: [
        { type: 0, code: times(5000, [0x10, 1, 0x10, 2]) },
        { type: 1, code: [0x00] },
        { type: 2, code: [] },
      ],
    }),
    "wide exceptions": moduleOf([], 0, {
      types: [nothing, narrow, wide],
      tags: [[0, 1]],
      functions: [
        { type: 0, code: [0x00, ...times(8000, [0x08, 0])] },
        { type: 1, code: [] },
        { type: 2, code: [0x00] },
      ],
    }),
    "wide structs": moduleOf(times(10_000, [0xfb, 1, 1, 0x1a]), 0, {
      types: [nothing, [0x5f, ...encodeLeb(9000), ...times(9000, [0x7e, 1])]],
    }),
  };
  for (const [what, bytes] of Object.entries(bombs)) {
    it(`is refused with a sentence: ${what}`, () => {
      const refusal =
        /^Function 0 would take the engine too long to compile: it has \d+ locals in \d+ bytes of code/;
      expect(() => meterModule(bytes)).toThrow(refusal);
      expect(() => limitModule(bytes, 10)).toThrow(refusal);
    });
  }

  it("is refused when only all of them together do", () => {
    const one = { type: 0, locals: times(5000, [i32]), code: times(1500, loop) };
    const bytes = moduleOf([], 0, { functions: Array.from({ length: 12 }, () => one) });
    expect(() => meterModule(bytes)).toThrow(
      "The module's functions would take the engine too long to compile",
    );
  });
});

describe("holdsThread", () => {
  const holds = (bytes: Uint8Array<ArrayBuffer>): boolean => meterModule(bytes).holdsThread;

  it("is false for what programs are made of", () => {
    expect(holds(moduleOf([]))).toBe(false);
    // 50 locals and 3,000 loops and branches in one function; a straight stretch of 100 kB.
    expect(holds(moduleOf(times(1000, [0x02, 0x40, ...leave, 0x03, 0x40, 0x0b, 0x0b]), 50))).toBe(false);
    expect(holds(moduleOf(times(33_000, [0x41, 0, 0x1a])))).toBe(false);
    // Expressions do not add up, nor do arms or what blocks leave.
    const sum = [0x20, 0, 0x20, 0, 0x6a, 0x45, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b, 0x1a];
    expect(holds(moduleOf(times(3000, sum), 1))).toBe(false);
    // i32x4.splat twice, added, and a lane of the sum.
    const vectors = [0x41, 1, 0xfd, 0x11, 0x41, 2, 0xfd, 0x11, 0xfd, 0xae, 1, 0xfd, 0x1b, 0, 0x1a];
    expect(holds(moduleOf(times(3000, [...vectors, ...block])))).toBe(false);
  });

  it("is true for a function that compiles for long", () => {
    expect(holds(moduleOf(times(100, loop), 5000))).toBe(true);
    expect(holds(moduleOf(times(200_000, [0x41, 0, 0x1a])))).toBe(true);
  });

  it("is true for a module that is instantiated for long", () => {
    const names = Array.from({ length: 6000 }, (_, index) => exported(`e${index}`, 0));
    expect(holds(moduleOf([], 0, { exports: names }))).toBe(true);
    expect(holds(moduleOf([], 0, { exports: names.slice(0, 4000) }))).toBe(false);
    const imported = [...encodeText("m"), ...encodeText("f"), 0, 0];
    const imports = Array.from({ length: 4000 }, () => imported);
    expect(holds(moduleOf([], 0, { imports, exports: [] }))).toBe(true);
    const tables = [[0x70, 0, 100]];
    const segment = [0, 0x41, 0, 0x0b, 100, ...times(100, [0])];
    expect(holds(moduleOf([], 0, { tables, elements: [segment] }))).toBe(false);
    expect(holds(moduleOf([], 0, { tables, elements: Array.from({ length: 1000 }, () => segment) }))).toBe(
      true,
    );
    expect(holds(moduleOf([], 0, { tables: [[0x70, 0, ...encodeLeb(500_000)]] }))).toBe(true);
    const globals = Array.from({ length: 200_000 }, () => [i32, 1, 0x41, 0, 0x0b]);
    expect(holds(moduleOf([], 0, { globals }))).toBe(true);
    const data = Array.from({ length: 70_000 }, () => [0, 0x41, 0, 0x0b, 0]);
    expect(holds(moduleOf([], 0, { data }))).toBe(true);
  });
});
