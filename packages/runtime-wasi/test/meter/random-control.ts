import { build, exported } from "./build-binary.ts";
import { createRandom, signed } from "./random-numbers.ts";
import type { Random } from "./random-numbers.ts";
import { encodeText } from "@krustlet/testkit";

/** What a branch to a label takes with it: nothing, or an i32. */
type Label = "nothing" | "number";

/** The labels around some code, innermost first. */
type Labels = readonly Label[];

/** Types by index: 0 of the functions, 3 of blocks with two parameters, 4 of a function with two results. */
const types = [
  [0x60, 1, 0x7f, 1, 0x7f],
  [0x60, 0, 0],
  [0x60, 1, 0x7f, 0],
  [0x60, 2, 0x7f, 0x7f, 1, 0x7f],
  [0x60, 0, 2, 0x7f, 0x7f],
];
const locals = 4;
const functionCount = 3;
/** Index of a function `() -> (i32, i32)`. */
const pairFunction = functionCount;

/** Traps when the fuel, global 0, is used up, and uses some: no program runs for ever. */
const useFuel = [0x23, 0, 0x45, 0x04, 0x40, 0x00, 0x0b, 0x23, 0, 0x41, 1, 0x6b, 0x24, 0];

/** Generates control flow of all kinds over values of one type. */
class ControlGenerator {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#random(all.length)] as T;
  }

  #local(): number {
    return this.#random(locals);
  }

  /** An i32 that is not 0 while some bits of the fuel are not: true most of the time, and never for long. */
  #sometimes(): number[] {
    return [0x23, 0, 0x41, this.#random(16), 0x71];
  }

  /** `if` that is entered now and then. */
  #rarely(code: readonly number[]): number[] {
    return [0x23, 0, 0x41, 15, 0x71, 0x45, 0x04, 0x40, ...code, 0x0b];
  }

  #labelsOf(labels: Labels, kind: Label): number[] {
    return labels.flatMap((label, index) => (label === kind ? [index] : []));
  }

  /** Code that leaves an i32. */
  number(depth: number, labels: Labels): number[] {
    const inner = (around: readonly Label[] = []): number[] => this.number(depth - 1, [...around, ...labels]);
    const before = (around: readonly Label[]): number[] => this.statements(depth - 1, [...around, ...labels]);
    if (depth <= 0 || this.#random(4) === 0) {
      return this.#random(3) > 0 ? [0x20, this.#local()] : [0x41, ...signed(this.#random(200) - 100)];
    }
    switch (this.#random(9)) {
      case 0:
        return [...inner(), ...inner(), this.#pick([0x6a, 0x6b, 0x6c, 0x71, 0x73, 0x4a, 0x46])];
      case 1:
        return [0x02, 0x7f, ...before(["number"]), ...inner(["number"]), 0x0b];
      case 2: {
        // A loop that takes its parameter along.
        const change = this.#random(2) === 0 ? [] : [0x41, 1, 0x6a];
        const again = [...this.#sometimes(), 0x0d, 0];
        return [...inner(), 0x03, 0, ...useFuel, ...change, 0x22, this.#local(), ...again, 0x0b];
      }
      case 3: {
        const leave = this.#random(2) === 0 ? [] : [...inner(["number"]), 0x0d, 0];
        return [...inner(), ...inner(), 0x02, 3, 0x6a, ...leave, 0x0b];
      }
      case 4: {
        // A loop of few instructions with a result, which may leave to a label that takes one.
        const around: Labels = ["nothing", ...labels];
        const out = this.#labelsOf(around, "number")[0];
        const leave = out === undefined ? [] : [...this.#sometimes(), 0x45, 0x0d, out];
        const first = this.#random(2) === 0 ? this.statements(0, around) : [];
        const again = [...this.#sometimes(), 0x0d, 0];
        return [
          0x03,
          0x7f,
          ...useFuel,
          ...first,
          ...again,
          ...this.number(depth - 2, around),
          ...leave,
          0x0b,
        ];
      }
      case 5:
        return [
          ...inner(),
          0x04,
          0x7f,
          ...before(["number"]),
          ...inner(["number"]),
          0x05,
          ...inner(["number"]),
          0x0b,
        ];
      case 6:
        return [...inner(), 0x10, this.#random(functionCount)];
      case 7: {
        // try_table: what is caught is the block's number.
        const around: readonly Label[] = ["nothing", "number"];
        const thrown = this.#random(2) === 0 ? [] : [...inner(around), 0x08, 0];
        const body = [...before(around), ...thrown];
        return [0x02, 0x7f, 0x1f, 0x40, 1, 0, 0, 0, ...body, 0x0b, ...inner(["number"]), 0x0b];
      }
      default:
        return [...inner(), ...inner(), ...inner(), 0x1b];
    }
  }

  statements(depth: number, labels: Labels): number[] {
    return Array.from({ length: 1 + this.#random(2) }, () => this.#statement(depth, labels)).flat();
  }

  #statement(depth: number, labels: Labels): number[] {
    const within: Labels = ["nothing", ...labels];
    const small = (around: Labels = labels): number[] => this.number(1, around);
    if (depth <= 0) return [...small(), 0x21, this.#local()];
    const plain = this.#labelsOf(labels, "nothing");
    const taking = this.#labelsOf(labels, "number");
    switch (this.#random(13)) {
      case 0:
        return [
          0x03,
          0x40,
          ...useFuel,
          ...this.statements(depth - 2, within),
          ...this.#sometimes(),
          0x0d,
          0,
          0x0b,
        ];
      case 1:
        return [0x02, 0x40, ...this.statements(depth - 1, within), 0x0b];
      case 2:
        return plain.length === 0 ? [] : [...useFuel, ...this.#sometimes(), 0x0d, this.#pick(plain)];
      case 3: {
        if (plain.length === 0) return [];
        const targets = Array.from({ length: 3 }, () => this.#pick(plain) + 1);
        return [0x02, 0x40, ...useFuel, ...small(within), 0x0e, 3, ...targets, 0, 0x0b];
      }
      case 4:
        if (taking.length === 0) return [];
        return [...useFuel, ...small(), ...this.#sometimes(), 0x0d, this.#pick(taking), 0x1a];
      case 5: {
        if (taking.length === 0) return [];
        const targets = Array.from({ length: 3 }, () => this.#pick(taking) + 1);
        return this.#rarely([...small(within), ...this.#sometimes(), 0x0e, 2, ...targets]);
      }
      case 6:
        return this.#rarely([...small(within), 0x0f]);
      case 7:
        return this.#rarely([...small(within), 0x12, this.#random(functionCount)]);
      case 8:
        return this.#rarely([...small(within), 0x41, this.#random(functionCount), 0x13, 0, 0]);
      case 9: {
        // A loop that is small enough to be unrolled, with a table of going on and leaving.
        const out = plain.length === 0 ? 1 : this.#pick(plain) + 2;
        const leave = [...useFuel, ...this.#sometimes(), 0x45, 0x0d, 0];
        const table = [...small(["nothing", ...within]), 0x0e, 2, 1, out, 1];
        const again = this.#random(2) === 0 ? [] : [...this.#sometimes(), 0x0d, 0];
        return [0x03, 0x40, 0x02, 0x40, ...leave, ...table, 0x0b, ...again, 0x0b];
      }
      case 10: {
        // A small loop that is gone on with from both arms.
        const arms = [...this.#sometimes(), 0x0d, 1, 0x05, ...this.#sometimes(), 0x0d, 1];
        return [0x03, 0x40, ...useFuel, ...small(within), 0x04, 0x40, ...arms, 0x0b, 0x0b];
      }
      case 11:
        return [0x10, pairFunction, 0x24, 1, 0x21, this.#local()];
      default:
        return [...this.number(depth - 1, labels), 0x21, this.#local()];
    }
  }
}

/**
 * A random valid program of control flow: blocks and loops with parameters and results, tables of labels, try_table, tail
 * calls. It surely ends, and exports `run` (i32 -> i32), `memory` and the global `seen`.
 */
export function randomControl(seed: number): Uint8Array<ArrayBuffer> {
  const random = createRandom(seed);
  const generator = new ControlGenerator(random);
  const functions = Array.from({ length: functionCount }, () => {
    const labels: Labels = ["number"];
    const depth = 2 + random(4);
    const code = [...useFuel, ...generator.statements(depth, labels), ...generator.number(depth - 1, labels)];
    return { type: 0, locals: [0x7f, 0x7f, 0x7f], code };
  });
  return build({
    types,
    functions: [...functions, { type: 4, code: [...useFuel, 0x23, 1, 0x41, 3] }],
    tables: [[0x70, 0, functionCount]],
    memories: [[0, 1]],
    tags: [[0, 2]],
    globals: [
      [0x7f, 1, 0x41, ...signed(2000), 0x0b],
      [0x7f, 1, 0x41, 0, 0x0b],
    ],
    exports: [exported("run", 0), [...encodeText("seen"), 3, 1], [...encodeText("memory"), 2, 0]],
    elements: [[0, 0x41, 0, 0x0b, functionCount, 0, 1, 2]],
  });
}
