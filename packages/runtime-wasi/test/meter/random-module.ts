import { encodeLeb, encodeText } from "@krustlet/testkit";
import { build, exported } from "./build-binary.ts";
import { createRandom, signed } from "./random-numbers.ts";
import type { Random } from "./random-numbers.ts";
import type { TestFunction } from "./build-binary.ts";

const i32 = 0x7f;
const i64 = 0x7e;
const f64 = 0x7c;
const types = [i32, i64, f64] as const;
type ValueType = (typeof types)[number];

/** Functions have three locals of each type, their parameter first. */
const localsOfEach = 3;
const functionCount = 7;
const globalFuel = 0;

interface Scope {
  readonly random: Random;
  /** Labels without results, innermost first: how far each is. */
  readonly labels: number;
  readonly depth: number;
  readonly legacy: boolean;
}

function localOf(type: ValueType, random: Random): number[] {
  return [types.indexOf(type) * localsOfEach + random(localsOfEach)];
}

function pick<T>(random: Random, all: readonly T[]): T {
  return all[random(all.length)] as T;
}

function expression(scope: Scope, type: ValueType): number[] {
  const { random } = scope;
  const inner = { ...scope, depth: scope.depth - 1 };
  const e = (of: ValueType): number[] => expression(inner, of);
  if (scope.depth <= 0 || random(5) === 0) {
    if (random(2) === 0) return [0x20, ...localOf(type, random)];
    if (type === i32) return [0x41, ...signed(random(200) - 100)];
    if (type === i64) return [0x42, ...signed(random(2_000_000) - 1_000_000)];
    return [0x44, 0, 0, 0, 0, 0, random(256), random(16), 0x40];
  }
  const kind = random(10);
  if (kind === 0) return [...e(type), ...e(type), ...e(i32), 0x1b];
  if (kind === 1) {
    const both = { ...inner, labels: 0 };
    return [...e(i32), 0x04, type, ...expression(both, type), 0x05, ...expression(both, type), 0x0b];
  }
  if (kind === 2) return [0x02, type, ...statement({ ...inner, labels: 0 }), ...e(type), 0x0b];
  if (kind === 9) {
    // A few rounds, as the fuel happens to stand.
    const again = [0x23, globalFuel, 0x41, 7, 0x71, 0x0d, 0];
    return [0x03, type, ...useFuel, ...e(i32), 0x1a, ...again, ...e(type), 0x0b];
  }
  if (type === i32) {
    if (kind === 3) return [...e(i64), 0xa7];
    if (kind === 4) return [...e(f64), 0xfc, 2];
    if (kind === 5) return [...e(i32), ...maskedAddress, 0x28, 2, 0];
    if (kind === 6) return [...e(i32), 0x10, ...encodeLeb(1 + random(functionCount))];
    if (kind === 7) return [...e(i64), ...e(i64), pick(random, [0x51, 0x53, 0x54, 0x59])];
    return [
      ...e(i32),
      ...e(i32),
      pick(random, [0x6a, 0x6b, 0x6c, 0x6d, 0x70, 0x71, 0x73, 0x74, 0x76, 0x77, 0x4a]),
    ];
  }
  if (type === i64) {
    if (kind === 3) return [...e(i32), 0xac];
    if (kind === 4) return [...e(i32), ...maskedAddress, 0x29, 3, 8];
    if (kind === 5) return [...e(i64), 0xc3];
    return [...e(i64), ...e(i64), pick(random, [0x7c, 0x7d, 0x7e, 0x83, 0x85, 0x86, 0x88, 0x8a])];
  }
  if (kind === 3) return [...e(i32), 0xb7];
  if (kind === 4) return [...e(f64), 0x9c];
  return [...e(f64), ...e(f64), pick(random, [0xa0, 0xa1, 0xa2])];
}

/** `& 0x7fff`: most addresses are within the first page. */
const maskedAddress = [0x41, ...signed(0x7fff), 0x71];
/** Traps when the fuel is used up, and uses some: no module runs for ever. */
const useFuel = [
  0x23,
  globalFuel,
  0x45,
  0x04,
  0x40,
  0x00,
  0x0b,
  0x23,
  globalFuel,
  0x41,
  1,
  0x6b,
  0x24,
  globalFuel,
];

function statements(scope: Scope, count: number): number[] {
  return Array.from({ length: count }, () => statement(scope)).flat();
}

function protectedStatement(scope: Scope): number[] {
  const within = { ...scope, depth: scope.depth - 1, labels: scope.labels + 1 };
  const thrown = scope.random(2) === 0 ? [...expression(within, i32), 0x08, 0] : [];
  if (scope.legacy) {
    const handler = scope.random(2) === 0 ? [0x07, 0, 0x21, 0] : [0x19];
    return [0x06, 0x40, ...statement(within), ...thrown, ...handler, ...statement(within), 0x0b];
  }
  // block (result i32) try_table (catch 0 -> it) ... end; i32.const 5 end; local.set 0
  const body = statement({ ...scope, depth: scope.depth - 1, labels: 0 });
  return [0x02, i32, 0x1f, 0x40, 1, 0, 0, 0, ...body, ...thrown, 0x0b, 0x41, 5, 0x0b, 0x21, 0];
}

function statement(scope: Scope): number[] {
  const { random } = scope;
  const inner = { ...scope, depth: scope.depth - 1 };
  const within = { ...inner, labels: scope.labels + 1 };
  if (scope.depth <= 0) {
    const type = pick(random, types);
    return [...expression(scope, type), 0x21, ...localOf(type, random)];
  }
  switch (random(18)) {
    case 0:
      return [
        ...expression(inner, i32),
        0x04,
        0x40,
        ...statements(within, 2),
        0x05,
        ...statement(within),
        0x0b,
      ];
    case 1:
      return [...expression(inner, i32), 0x04, 0x40, ...statement(within), 0x0b];
    case 2:
      return [0x02, 0x40, ...statements(within, 1 + random(3)), 0x0b];
    case 3:
    case 4: {
      const again = [...expression(inner, i32), 0x0d, 0];
      return [0x03, 0x40, ...useFuel, ...statements(within, 1 + random(2)), ...again, 0x0b];
    }
    case 5:
      return scope.labels === 0
        ? [0x01]
        : [...useFuel, ...expression(inner, i32), 0x0d, random(scope.labels)];
    case 6:
      if (scope.labels === 0) return [0x01];
      return [
        0x02,
        0x40,
        ...useFuel,
        ...expression(inner, i32),
        0x0e,
        2,
        random(scope.labels + 1),
        random(scope.labels + 1),
        random(scope.labels + 1),
        0x0b,
      ];
    case 7:
      return [...expression(inner, i32), 0x10, 0];
    case 8:
      return [...expression(inner, i32), ...expression(inner, i32), 0x41, 3, 0x71, 0x11, 0, 0, 0x1a];
    case 9:
      return [...expression(inner, i32), ...maskedAddress, ...expression(inner, i64), 0x37, 3, 16];
    case 10: {
      const size = pick(random, [[0x41, ...signed(100)], [0x41, ...signed(5000)], expression(inner, i32)]);
      const place = [...expression(inner, i32), ...maskedAddress];
      if (random(2) === 0) return [...place, ...expression(inner, i32), ...size, 0xfc, 0x0b, 0];
      return [...place, ...expression(inner, i32), ...maskedAddress, ...size, 0xfc, 0x0a, 0, 0];
    }
    case 11:
      return [0x41, random(3), 0x40, 0, 0x21, ...localOf(i32, random)];
    case 12:
      return protectedStatement(inner);
    case 13:
      // Sometimes the end of the function.
      if (random(3) > 0) return [0x01];
      return random(2) === 0
        ? [...expression(inner, i32), 0x04, 0x40, ...expression(inner, i32), 0x0f, 0x0b]
        : [
            ...expression(inner, i32),
            0x04,
            0x40,
            ...expression(inner, i32),
            0x12,
            1 + random(functionCount),
            0x0b,
          ];
    case 14:
      return [...expression(inner, i32), 0x24, 1];
    case 15: {
      // A loop that is small enough to be unrolled: left and gone on with from blocks, by branches of all kinds.
      const small = { ...scope, depth: 1, labels: scope.labels + 2 };
      const out = random(2) === 0 ? 1 : random(small.labels);
      const jump = [
        [0x0c, 1],
        [0x0d, out],
        [0x0e, 1, out, 1],
      ][random(3)] as number[];
      const leave = [
        ...useFuel,
        0x23,
        globalFuel,
        0x41,
        15,
        0x71,
        0x45,
        0x0d,
        0,
        ...expression(small, i32),
        0x0d,
        0,
      ];
      return [0x03, 0x40, 0x02, 0x40, ...leave, ...expression(small, i32), ...jump, 0x0b, 0x0b];
    }
    default: {
      const type = pick(random, types);
      return [...expression(inner, type), 0x21, ...localOf(type, random)];
    }
  }
}

/**
 * A random valid module that surely ends: it exports `run` (i32 -> i32), `memory` and the global `seen`, and imports
 * `host.tick` (i32).
 */
export function randomModule(seed: number): Uint8Array<ArrayBuffer> {
  const random = createRandom(seed);
  const legacy = random(2) === 0;
  const functions: TestFunction[] = Array.from({ length: functionCount }, () => {
    const scope: Scope = { random, labels: 0, depth: 2 + random(4), legacy };
    const isLong = random(6) === 0;
    const code = [...useFuel, ...statements(scope, isLong ? 60 : 1 + random(5)), ...expression(scope, i32)];
    const locals = types.flatMap((type) => Array.from({ length: localsOfEach }, () => type)).slice(1);
    return { type: 0, locals, code };
  });
  const own = random(2) === 0;
  const memory = own ? { memories: [[1, 1, 4]] } : {};
  const imported = own ? [] : [[...encodeText("host"), ...encodeText("memory"), 2, 1, 1, 4]];
  return build({
    types: [
      [0x60, 1, i32, 1, i32],
      [0x60, 1, i32, 0],
    ],
    imports: [[...encodeText("host"), ...encodeText("tick"), 0, 1], ...imported],
    functions,
    tables: [[0x70, 0, 4]],
    ...memory,
    tags: [[0, 1]],
    globals: [
      [i32, 1, 0x41, ...signed(3000), 0x0b],
      [i32, 1, 0x41, 0, 0x0b],
    ],
    exports: [exported("run", 1), [...encodeText("seen"), 3, 1], [...encodeText("memory"), 2, 0]],
    elements: [[0, 0x41, 0, 0x0b, 4, 1, 2, 3, 4]],
    data: [[0, 0x41, 8, 0x0b, 5, 1, 2, 3, 4, 5]],
  });
}
