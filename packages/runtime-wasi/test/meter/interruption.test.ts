import { encodeLeb, encodeText } from "@krustlet/testkit";
import { Worker } from "node:worker_threads";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { meterModule } from "../../src/meter/meter-module.ts";
import { build, exported } from "./build-binary.ts";
import type { TestModule } from "./build-binary.ts";
import { instantiateMetered } from "./run-guest.ts";

// A loaded machine takes longer than vitest allows by default.
vi.setConfig({ testTimeout: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 0) > 0 ? 3_600_000 : 60_000 });

class Stop extends Error {}

const enough = 200;
const nothing = [0x60, 0, 0];
const run = [exported("run", 1)];
/** Function 0: the host's `tick`. */
const tick = [[...encodeText("host"), ...encodeText("tick"), 0, 0]];
const call = (index: number): number[] => [0x10, ...encodeLeb(index)];
const funcTable = { tables: [[0x70, 0, 4]], elements: [[0, 0x41, 0, 0x0b, 2, 1, 2]] };

/** Programs that never end, or not within a lifetime; `run` is function 1. */
const endless: Record<string, TestModule> = {
  "an empty loop": { types: [nothing], functions: [{ type: 0, code: [0x03, 0x40, 0x0c, 0, 0x0b] }] },
  "a loop that ends in br_if": {
    types: [nothing],
    functions: [{ type: 0, code: [0x03, 0x40, 0x41, 1, 0x0d, 0, 0x0b] }],
  },
  "a loop that goes on by br_table from a block within": {
    types: [nothing],
    functions: [{ type: 0, code: [0x03, 0x40, 0x02, 0x40, 0x41, 7, 0x0e, 1, 0, 1, 0x0b, 0x0b] }],
  },
  "a loop with a parameter": {
    types: [nothing, [0x60, 1, 0x7f, 1, 0x7f]],
    functions: [{ type: 0, code: [0x41, 1, 0x03, 1, 0x0c, 0, 0x0b, 0x1a] }],
  },
  "a loop of legacy try and catch_all": {
    types: [nothing],
    tags: [[0, 0]],
    functions: [{ type: 0, code: [0x03, 0x40, 0x06, 0x40, 0x08, 0, 0x19, 0x0c, 1, 0x0b, 0x0b] }],
  },
  "a loop of try_table and catch_all": {
    types: [nothing],
    tags: [[0, 0]],
    functions: [
      { type: 0, code: [0x03, 0x40, 0x02, 0x40, 0x1f, 0x40, 1, 2, 0, 0x08, 0, 0x0b, 0x0b, 0x0c, 0, 0x0b] },
    ],
  },
  "recursion without loops": { types: [nothing], functions: [{ type: 0, code: [...call(1), ...call(1)] }] },
  "recursion that calls itself in one arm only": {
    types: [nothing],
    functions: [{ type: 0, code: [0x41, 1, 0x04, 0x40, ...call(1), 0x05, 0x0b, ...call(1)] }],
  },
  "recursion past an arm that calls as well but is not taken": {
    types: [nothing],
    functions: [{ type: 0, code: [0x41, 0, 0x04, 0x40, ...call(1), 0x0b, ...call(1)] }],
  },
  "recursion in the second of two arms that both call": {
    types: [nothing],
    functions: [{ type: 0, code: [0x41, 0, 0x04, 0x40, ...call(1), 0x05, ...call(1), 0x0b] }],
  },
  "recursion past an arm with a loop that is not taken": {
    types: [nothing],
    functions: [{ type: 0, code: [0x41, 0, 0x04, 0x40, 0x03, 0x40, 0x0b, 0x0b, ...call(1)] }],
  },
  "recursion in the second of two arms, the first with a loop": {
    types: [nothing],
    functions: [{ type: 0, code: [0x41, 0, 0x04, 0x40, 0x03, 0x40, 0x0b, 0x05, ...call(1), 0x0b] }],
  },
  "recursion in a handler after a try that calls as well": {
    types: [nothing],
    tags: [[0, 0]],
    functions: [{ type: 0, code: [0x06, 0x40, 0x08, 0, ...call(1), 0x19, ...call(1), 0x0b] }],
  },
  "two functions that call each other": {
    types: [nothing],
    functions: [
      { type: 0, code: call(2) },
      { type: 0, code: [...call(1), ...call(1)] },
    ],
  },
  "recursion through a table": {
    types: [nothing],
    ...funcTable,
    functions: [
      { type: 0, code: [0x41, 1, 0x11, 0, 0] },
      { type: 0, code: [0x41, 0, 0x11, 0, 0, 0x41, 0, 0x11, 0, 0] },
    ],
  },
  "recursion through references": {
    types: [nothing],
    elements: [[3, 0, 1, 1]],
    functions: [{ type: 0, code: [0xd2, 1, 0x14, 0, 0xd2, 1, 0x14, 0] }],
  },
  "a loop of tail calls": {
    types: [nothing],
    functions: [
      { type: 0, code: [0x12, 2] },
      { type: 0, code: [0x12, 1] },
    ],
  },
  "a loop of tail calls through a table": {
    types: [nothing],
    ...funcTable,
    functions: [
      { type: 0, code: [0x41, 1, 0x13, 0, 0] },
      { type: 0, code: [0x41, 0, 0x13, 0, 0] },
    ],
  },
  "a loop of tail calls through references": {
    types: [nothing],
    elements: [[3, 0, 1, 1]],
    functions: [{ type: 0, code: [0xd2, 1, 0x15, 0] }],
  },
  "sixty functions that each call the next one twice": {
    types: [nothing],
    functions: [
      ...Array.from({ length: 60 }, (_, level) => ({
        type: 0,
        code: [...call(level + 2), ...call(level + 2)],
      })),
      { type: 0, code: call(0) },
    ],
  },
  "sixty functions that each call the next one in both arms, twice": {
    types: [nothing],
    functions: [
      ...Array.from({ length: 60 }, (_, level) => ({
        type: 0,
        code: [0x41, 0, 0x04, 0x40, ...call(level + 2), 0x05, ...call(level + 2), 0x0b, ...call(level + 2)],
      })),
      { type: 0, code: call(0) },
    ],
  },
};

interface Observation {
  yields: number;
  /** The most calls of `tick` between two yields. */
  mostTicks: number;
}

/** Runs with the flag always set until it has yielded often enough; fails, not hangs, if it does not. */
function observe(program: TestModule): Observation {
  const original = build({ imports: tick, exports: run, ...program });
  expect(WebAssembly.validate(original)).toBe(true);
  const metered = meterModule(original);
  const seen: Observation = { yields: 0, mostTicks: 0 };
  let ticks = 0;
  const host = { tick: () => (seen.mostTicks = Math.max(seen.mostTicks, ++ticks)) };
  const { exports, flag } = instantiateMetered(
    metered,
    new WebAssembly.Module(metered.bytes),
    { host },
    () => {
      ticks = 0;
      if (++seen.yields >= enough) throw new Stop();
    },
  );
  flag[0] = 1;
  const start = exports["run"] as () => void;
  const guarded = (): void => {
    try {
      start();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
    }
  };
  runInNewContext("run()", { run: guarded }, { timeout: 20_000 });
  return seen;
}

describe("a metered guest", () => {
  for (const [name, program] of Object.entries(endless)) {
    it(`is interrupted in ${name}`, () => {
      expect(observe(program).yields).toBe(enough);
    });
  }

  it("executes little between two checks, however its calls fan out", () => {
    const fan = Array.from({ length: 12 }, (_, level) => ({
      type: 0,
      code: Array.from({ length: 6 }, () => call(level + 2)).flat(),
    }));
    const { mostTicks } = observe({ types: [nothing], functions: [...fan, { type: 0, code: call(0) }] });
    expect(mostTicks).toBeLessThan(200);
  });

  it("executes little between two checks when a deep recursion returns", () => {
    // Each level does 400 ticks after the deeper level has returned.
    const depth = [[0x7f, 1, 0x41, 0xf4, 0x03, 0x0b]];
    const down = [0x23, 0, 0x04, 0x40, 0x23, 0, 0x41, 1, 0x6b, 0x24, 0, ...call(1), 0x0b];
    const work = Array.from({ length: 400 }, () => call(0)).flat();
    const { mostTicks } = observe({
      types: [nothing],
      globals: depth,
      functions: [{ type: 0, code: [...down, ...work] }],
    });
    expect(mostTicks).toBeLessThan(400);
  });

  it("is checked in a long stretch without calls or blocks", () => {
    // 20,000 additions; with a tick before and after, at least 20 checks in between.
    const additions = Array.from({ length: 20_000 }, () => [0x23, 0, 0x41, 1, 0x6a, 0x24, 0]).flat();
    const original = build({
      types: [nothing],
      globals: [[0x7f, 1, 0x41, 0, 0x0b]],
      exports: [exported("run", 0), [...encodeText("count"), 3, 0]],
      functions: [{ type: 0, code: additions }],
    });
    const metered = meterModule(original);
    let yields = 0;
    const { exports, flag } = instantiateMetered(
      metered,
      new WebAssembly.Module(metered.bytes),
      {},
      () => yields++,
    );
    flag[0] = 1;
    (exports["run"] as () => void)();
    expect(yields).toBeGreaterThan(40);
    expect((exports["count"] as WebAssembly.Global).value).toBe(20_000);
  });

  it("is checked before each instruction whose work depends on a length", () => {
    const length = [0x41, 0, 0x41, 0, 0x41, 0];
    const bulk = [
      [...length, 0xfc, 0x08, 0, 0],
      [...length, 0xfc, 0x0c, 0, 0],
      [...length, 0xfc, 0x0e, 0, 0],
      [0xd0, 0x70, 0x41, 0, 0xfc, 0x0f, 0, 0x1a],
      [0x41, 0, 0xd0, 0x70, 0x41, 0, 0xfc, 0x11, 0],
    ];
    const original = build({
      types: [nothing],
      functions: [{ type: 0, code: bulk.flat() }],
      tables: [[0x70, 0, 1]],
      memories: [[0, 1]],
      exports: [exported("run", 0)],
      elements: [[1, 0, 0]],
      data: [[1, 0]],
    });
    const metered = meterModule(original);
    let yields = 0;
    const module = new WebAssembly.Module(metered.bytes);
    const { exports, flag } = instantiateMetered(metered, module, {}, () => yields++);
    flag[0] = 1;
    (exports["run"] as () => void)();
    expect(yields).toBe(bulk.length);
  });

  it("sees a flag that another thread sets, also in an optimized loop over nothing", async () => {
    // run(x): do {} while (x); the optimizer knows the condition never changes.
    const original = build({
      types: [[0x60, 1, 0x7f, 0]],
      exports: [exported("run", 0)],
      functions: [{ type: 0, code: [0x03, 0x40, 0x20, 0, 0x0d, 0, 0x0b] }],
    });
    const metered = meterModule(original, { epochOffset: 64 });
    let yields = 0;
    const instance = instantiateMetered(metered, new WebAssembly.Module(metered.bytes), {}, () => {
      Atomics.store(instance.flag, 0, 0);
      if (++yields === 20) throw new Stop();
    });
    const start = instance.exports["run"] as (again: number) => void;
    for (let call = 0; call < 300_000; call++) start(0);
    const ticker = new Worker(
      `const { workerData: flag } = require("node:worker_threads");
       setInterval(() => Atomics.store(flag, 0, 1), 1);`,
      { eval: true, workerData: instance.flag },
    );
    try {
      const guarded = (): void => expect(() => start(1)).toThrow(Stop);
      runInNewContext("run()", { run: guarded }, { timeout: 20_000 });
      expect(yields).toBe(20);
    } finally {
      await ticker.terminate();
    }
  });
});
