/** Opcodes and constants that differ between memories with 32-bit and 64-bit addresses. */
interface AddressCode {
  readonly type: number;
  readonly constant: number;
  readonly greater: number;
  readonly lessOrEqual: number;
  readonly add: number;
  readonly subtract: number;
  readonly equal: number;
  /** Makes an i64 of an address. */
  readonly widen: readonly number[];
}

const narrow: AddressCode = {
  type: 0x7f,
  constant: 0x41,
  greater: 0x4b,
  lessOrEqual: 0x4d,
  add: 0x6a,
  subtract: 0x6b,
  equal: 0x46,
  widen: [0xad],
};
const wide: AddressCode = {
  type: 0x7e,
  constant: 0x42,
  greater: 0x56,
  lessOrEqual: 0x58,
  add: 0x7c,
  subtract: 0x7d,
  equal: 0x51,
  widen: [],
};

/** 1 MiB, some 100 µs of work, as a LEB128 number; and 4 KiB. */
const chunk = [0x80, 0x80, 0xc0, 0x00];
const small = [0x80, 0x20];

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];

/** The signature and body of an appended function. */
export interface AppendedFunction {
  readonly params: readonly number[];
  readonly results: readonly number[];
  /** Locals and code, without the size. */
  readonly body: readonly number[];
}

/** `memory.grow` on memory 0 that adds 1 to global `counter` when it is refused. */
export function buildMemoryGrow(is64: boolean, counter: readonly number[]): AppendedFunction {
  const { type, constant, equal } = is64 ? wide : narrow;
  const count = [0x23, ...counter, 0x41, 1, 0x6a, 0x24, ...counter];
  return {
    params: [type],
    results: [type],
    body: [
      0,
      ...get(0),
      0x40,
      0,
      0x22,
      0,
      constant,
      0x7f,
      equal,
      0x04,
      0x40,
      ...count,
      0x0b,
      ...get(0),
      0x0b,
    ],
  };
}

/** Gives the length (the first parameter) of an array, and traps if it is more than the second. */
export function buildArrayLength(): AppendedFunction {
  return {
    params: [0x7f, 0x7f],
    results: [0x7f],
    // The loop looks whether the thread is to end, which it is once its heap is full.
    body: [0, 0x03, 0x40, 0x0b, ...get(0), ...get(1), 0x4b, 0x04, 0x40, 0x00, 0x0b, ...get(0), 0x0b],
  };
}

/** Whether local `at` + local `size` is within memory 0, as an i32. */
function isWithin(is64: boolean, at: number, size: number): number[] {
  const { widen } = is64 ? wide : narrow;
  const bytes = [0x3f, 0, ...widen, 0x42, 16, 0x86];
  const sizeFits = [...get(size), ...widen, ...bytes, 0x58];
  const placeFits = [...get(at), ...widen, ...bytes, ...get(size), ...widen, 0x7d, 0x58];
  return [...sizeFits, ...placeFits, 0x71];
}

/** `local += chunk` or `local -= chunk`. */
function step(code: AddressCode, local: number, opcode: number): number[] {
  return [...get(local), code.constant, ...chunk, opcode, ...set(local)];
}

/** Runs `pass` (one chunk) with a check before each, while more than a chunk is left in `size`. */
function inChunks(
  code: AddressCode,
  size: number,
  check: readonly number[],
  pass: readonly number[],
): number[] {
  const more = [...get(size), code.constant, ...chunk, code.greater];
  return [0x03, 0x40, ...check, ...more, 0x04, 0x40, ...pass, 0x0c, 1, 0x0b, 0x0b];
}

/**
 * `memory.fill` on memory 0 in chunks, with checks between them. What is out of bounds traps before anything is
 * written, as the instruction does: the whole range goes to it at once.
 */
export function buildMemoryFill(is64: boolean, check: readonly number[]): AppendedFunction {
  const code = is64 ? wide : narrow;
  const [at, value, size] = [0, 1, 2];
  const isLarge = [...get(size), code.constant, ...small, code.greater];
  const fill = [...get(at), ...get(value), code.constant, ...chunk, 0xfc, 0x0b, 0];
  const pass = [...fill, ...step(code, at, code.add), ...step(code, size, code.subtract)];
  const chunks = [...isWithin(is64, at, size), 0x04, 0x40, ...inChunks(code, size, check, pass), 0x0b];
  const rest = [...get(at), ...get(value), ...get(size), 0xfc, 0x0b, 0];
  return {
    params: [code.type, 0x7f, code.type],
    results: [],
    body: [0, ...isLarge, 0x04, 0x40, ...chunks, 0x0b, ...rest, 0x0b],
  };
}

/** `memory.copy` within memory 0 in chunks, from the end when the target overlaps the rest of the source. */
export function buildMemoryCopy(is64: boolean, check: readonly number[]): AppendedFunction {
  const code = is64 ? wide : narrow;
  const [to, from, size] = [0, 1, 2];
  const isLarge = [...get(size), code.constant, ...small, code.greater];
  const copy = [code.constant, ...chunk, 0xfc, 0x0a, 0, 0];
  const forward = [
    ...get(to),
    ...get(from),
    ...copy,
    ...step(code, to, code.add),
    ...step(code, from, code.add),
    ...step(code, size, code.subtract),
  ];
  const shifted = (local: number): number[] => [...get(local), ...get(size), code.add];
  const backward = [...step(code, size, code.subtract), ...shifted(to), ...shifted(from), ...copy];
  const direction = [...get(to), ...get(from), code.lessOrEqual, 0x04, 0x40];
  const chunks = [
    ...isWithin(is64, to, size),
    ...isWithin(is64, from, size),
    0x71,
    0x04,
    0x40,
    ...direction,
    ...inChunks(code, size, check, forward),
    0x05,
    ...inChunks(code, size, check, backward),
    0x0b,
    0x0b,
  ];
  const rest = [...get(to), ...get(from), ...get(size), 0xfc, 0x0a, 0, 0];
  return {
    params: [code.type, code.type, code.type],
    results: [],
    body: [0, ...isLarge, 0x04, 0x40, ...chunks, 0x0b, ...rest, 0x0b],
  };
}
