import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { limitModule } from "../../src/meter/limit-module.ts";
import { meterModule } from "../../src/meter/meter-module.ts";
import { hintsOf } from "./hints-of.ts";
import { randomControl } from "./random-control.ts";
import { randomModule } from "./random-module.ts";
import { compileC, instantiateMetered, runMetered, runPlain } from "./run-guest.ts";

// A loaded machine takes longer than vitest allows by default.
vi.setConfig({ testTimeout: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 0) > 0 ? 3_600_000 : 60_000 });

const runs = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 120);
const seed = Number(process.env["KRUSTLET_FUZZ_SEED"] ?? 1);

const kernels = new URL("../../../../bench/kernels/", import.meta.url);
const sizes: Record<string, string> = {
  compress: "24",
  fib: "16",
  machine: "60",
  nbody: "300",
  sha256: "1",
  sieve: "20000",
  sort: "2000",
};

/** Everything that can be seen of a run. */
interface Outcome {
  readonly result: string;
  readonly ticks: string;
  readonly memory: string;
  readonly seen: number;
}

function outcomeOf(exports: Record<string, WebAssembly.ExportValue>, ticks: number[]): Outcome {
  let result: string;
  try {
    result = String((exports["run"] as (argument: number) => number)(7));
  } catch (error) {
    result = error instanceof Error ? error.message : "an exception of the guest";
  }
  const memory = exports["memory"] as WebAssembly.Memory;
  return {
    result,
    ticks: ticks.join(" "),
    memory: createHash("sha256").update(new Uint8Array(memory.buffer)).digest("hex"),
    seen: (exports["seen"] as WebAssembly.Global).value as number,
  };
}

function recorder(): { ticks: number[]; host: { tick: (value: number) => void } } {
  const ticks: number[] = [];
  return { ticks, host: { tick: (value) => ticks.push(value) } };
}

function runOriginal(bytes: Uint8Array<ArrayBuffer>): Outcome {
  const { ticks, host } = recorder();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  const module = new WebAssembly.Module(bytes);
  return outcomeOf(new WebAssembly.Instance(module, { host: { ...host, memory } }).exports, ticks);
}

function runRewritten(bytes: Uint8Array<ArrayBuffer>, flag: number): { outcome: Outcome; yields: number } {
  const metered = meterModule(bytes);
  const { ticks, host } = recorder();
  let yields = 0;
  const module = new WebAssembly.Module(metered.bytes);
  const instance = instantiateMetered(metered, module, { host }, () => yields++);
  instance.flag[0] = flag;
  return { outcome: outcomeOf(instance.exports, ticks), yields };
}

describe("a metered module", () => {
  for (const [what, randomProgram, imported] of [
    ["random programs", randomModule, 1],
    ["random control flow", randomControl, 0],
  ] as const) {
    it(`computes what the original computes, for ${what}, with the flag set and not set`, () => {
      let interrupted = 0;
      const results = new Set<string>();
      for (let run = 0; run < runs; run++) {
        const bytes = randomProgram(seed * 1_000_003 + run);
        expect(WebAssembly.validate(bytes), `program ${run} is valid`).toBe(true);
        const expected = runOriginal(bytes);
        const quiet = runRewritten(bytes, 0);
        expect(quiet, `program ${run}`).toEqual({ outcome: expected, yields: 0 });
        const { outcome, yields } = runRewritten(bytes, 1);
        expect(outcome, `program ${run} with the flag set`).toEqual(expected);
        if (yields > 0) interrupted++;
        results.add(expected.result);
        expect(hintsOf(meterModule(bytes).bytes, imported).every(({ opcode }) => opcode === 0x04)).toBe(true);
      }
      // Programs of all sorts, or this test proves nothing.
      expect(interrupted).toBeGreaterThan(runs / 4);
      expect(results.size).toBeGreaterThan(runs / 20);
    });
  }

  it("computes the same when only its memory is limited", () => {
    for (let run = 0; run < runs / 4; run++) {
      const bytes = randomModule(seed * 1_000_003 + run);
      expect(runOriginal(limitModule(bytes, 4).bytes), `program ${run}`).toEqual(runOriginal(bytes));
    }
  });

  it("computes what the original computes: AssemblyScript with strings, maps and its garbage collector", async () => {
    const source = `
      export function run(rounds: i32): i32 {
        const words = new Map<string, i32>();
        let sum = 0;
        for (let i = 0; i < rounds; i++) {
          const word = (i * 7919).toString(16).padStart(8, "x").substring(i & 3);
          words.set(word, words.has(word) ? words.get(word) + 1 : i);
        }
        const keys = words.keys().sort();
        for (let i = 0; i < keys.length; i++) sum = sum * 31 + words.get(keys[i]) + keys[i].charCodeAt(2);
        return sum + f64(sum).toString().length;
      }`;
    const { main } = await import("assemblyscript/asc");
    let bytes = new Uint8Array();
    const { error } = await main(["run.ts", "--runtime", "incremental", "-o", "run.wasm"], {
      readFile: (name) => (name === "run.ts" ? source : null),
      writeFile: (_name, contents) => {
        bytes = Uint8Array.from(Buffer.from(contents));
      },
      listFiles: () => [],
    });
    expect(error).toBeNull();
    const env = { abort: () => undefined };
    const original = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
    const metered = meterModule(bytes);
    let yields = 0;
    const instance = instantiateMetered(
      metered,
      new WebAssembly.Module(metered.bytes),
      { env },
      () => yields++,
    );
    (instance.exports[metered.startExport ?? "none"] as () => void)();
    for (const flag of [0, 1]) {
      instance.flag[0] = flag;
      for (const rounds of [0, 1, 700]) {
        const expected = (original.exports["run"] as (rounds: number) => number)(rounds);
        expect((instance.exports["run"] as (rounds: number) => number)(rounds)).toBe(expected);
      }
    }
    expect(yields).toBeGreaterThan(1000);
  });

  for (const [name, size] of Object.entries(sizes)) {
    it(`prints what the original prints: ${name}.c`, () => {
      const original = compileC(new URL(`${name}.c`, kernels).pathname);
      const metered = meterModule(original);
      const args = [name, size];
      const expected = runPlain(new WebAssembly.Module(original), args);
      expect(expected).toMatch(new RegExp(`^${name} .*\\n$`));
      expect(expected).not.toContain("DIFFERENT");
      const module = new WebAssembly.Module(metered.bytes);
      expect(runMetered(metered, module, args)).toBe(expected);
      let yields = 0;
      const setForAWhile = (flag: Int32Array): void => {
        if (++yields === 5000) flag[0] = 0;
      };
      expect(runMetered(metered, module, args, setForAWhile)).toBe(expected);
      expect(yields).toBeGreaterThan(1000);
    });
  }
});
