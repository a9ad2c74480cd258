import { encodeLeb } from "@krustlet/testkit";
import { describe, expect, it, vi } from "vitest";
import { meterModule } from "../../src/meter/meter-module.ts";
import { immediates as is, plainOpcodes, prefixedOpcodes } from "../../src/meter/opcode-table.ts";
import { build } from "./build-binary.ts";
import type { TestModule } from "./build-binary.ts";

// A loaded machine takes longer than vitest allows by default.
vi.setConfig({ testTimeout: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 0) > 0 ? 3_600_000 : 60_000 });

/** A world in which every instruction has something to refer to under index 0 (or as said at the instruction). */
const world: Omit<TestModule, "functions"> = {
  types: [
    [0x60, 0, 0],
    // 1: a struct with a mutable i32, 2: an array of mutable i32, 3: a struct with an i8, 4: an array of i16
    [0x5f, 1, 0x7f, 1],
    [0x5e, 0x7f, 1],
    [0x5f, 1, 0x78, 1],
    [0x5e, 0x77, 1],
    // 5: an array of funcref
    [0x5e, 0x70, 1],
  ],
  tables: [[0x70, 0, 1]],
  memories: [[0, 1]],
  tags: [[0, 0]],
  globals: [[0x7f, 1, 0x41, 0, 0x0b]],
  elements: [[3, 0, 1, 0]],
  data: [[1, 1, 0x68]],
};

const unreachable = 0x00;
/** Number zero, three bytes long: allowed, and a trap for scanners. */
const zero = [0x80, 0x80, 0x00];

/** The module with an instruction after `unreachable`, where any operands are there; `undefined` if it is invalid. */
function validBytes(instruction: readonly number[]): Uint8Array<ArrayBuffer> | undefined {
  const loop = [0x03, 0x40, 0x0b];
  // The second unreachable makes any stack right that the instruction leaves.
  const code = [0x02, 0x40, unreachable, ...instruction, unreachable, 0x0b, ...loop, 0x41, 1, 0x1a];
  const bytes = build({ ...world, functions: [{ type: 0, locals: [0x7f], code }] });
  return WebAssembly.validate(bytes) ? bytes : undefined;
}

/** Immediates to try for a kind of instruction; one of them must be right. */
function candidates(kind: number, opcode: readonly number[]): number[][] {
  const alignments = [0, 1, 2, 3, 4];
  switch (kind) {
    case is.none:
      return [[]];
    case is.block:
    case is.loop:
      return [
        [0x40, 0x0b],
        [...zero, 0x0b],
        [0x63, 0x70, unreachable, 0x0b],
        [0x40, 0x19, 0x0b],
      ];
    case is.tryTable:
      return [
        [0x40, 2, 0, ...zero, 0, 2, ...zero, 0x0b],
        [0x40, 0, 0x0b],
      ];
    case is.index:
    case is.branch:
    case is.otherLabel:
      return [zero, [4], [3], [2], [1], [5]];
    case is.call:
      return [zero];
    case is.callRef:
      return [zero];
    case is.callIndirect:
      return [[...zero, ...zero]];
    case is.twoIndices:
    case is.bulkTwo:
    case is.allocateTwo:
    case is.allocateArrayTwo:
      return [1, 2, 3, 4, 5, 0].flatMap((type) => [
        [0x80 | type, 0, ...zero],
        [0x80 | type, 0, type],
      ]);
    case is.bulkOne:
    case is.allocateOne:
    case is.allocateArrayOne:
      return [0, 1, 2, 3, 4, 5].map((type) => [0x80 | type, 0x80, 0]);
    case is.brTable:
      return [[2, 0, ...zero, 1]];
    case is.typedSelect:
      return [
        [1, 0x7f],
        [1, 0x63, 0x70],
      ];
    case is.memoryAccess:
      return alignments.flatMap((align) => [
        [align, 0x80, 0x81, 0],
        [align | 0x40, ...zero, 0x80, 0x81, 0],
      ]);
    case is.memoryAccessLane:
      return [
        [0x40, ...zero, 0x80, 0x81, 0, 1],
        [0, 1, 0],
      ];
    case is.memoryGrow:
    case is.memoryFill:
      return [zero];
    case is.memoryCopy:
      return [[...zero, ...zero]];
    case is.i32Const:
      return [[0xff, 0xff, 0xff, 0xff, 0x7f]];
    case is.i64Const:
      return [[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]];
    case is.fourBytes:
      return [[3, 0x40, 3, 0x40]];
    case is.eightBytes:
      return [[3, 0x40, 3, 0x40, 3, 0x40, 3, 0x40]];
    case is.sixteenBytes:
      return [Array.from({ length: 16 }, (_, index) => (index % 2 === 0 ? 3 : 4))];
    case is.oneByte:
      return [[0]];
    case is.heapType:
      return [[0x70], [0x6b], zero];
    // In a block whose result takes whatever is cast.
    case is.castBranch:
      return [[3, ...zero, 0x6e, 0x6b]];
    case is.wait:
      return [
        [2, 0],
        [3, 0],
      ];
    default:
      throw new Error(`no immediates for kind ${kind} (opcode ${opcode.join(" ")})`);
  }
}

/** Instructions that are valid only in a certain place. */
const inPlace = new Map<number, number[]>([
  [0x05, [0x41, 0, 0x04, 0x40, 0x05, 0x0b]],
  [0x06, [0x06, 0x40, 0x19, 0x0b]],
  [0x07, [0x06, 0x40, 0x07, ...zero, 0x0b]],
  [0x09, [0x06, 0x40, 0x19, 0x09, 0, 0x0b]],
  [0x0b, [0x02, 0x40, 0x0b]],
  [0x18, [0x06, 0x40, 0x18, ...zero]],
  [0x19, [0x06, 0x40, 0x19, 0x0b]],
]);

interface Entry {
  readonly name: string;
  readonly opcode: readonly number[];
  readonly kind: number;
}

function entries(): Entry[] {
  const all: Entry[] = [];
  for (const [opcode, kind] of plainOpcodes.entries()) {
    if (kind !== is.prefix) all.push({ name: opcode.toString(16), opcode: [opcode], kind });
  }
  for (const prefix of [0xfb, 0xfc, 0xfd, 0xfe]) {
    for (let second = 0; second < 0x180; second++) {
      const kind = prefixedOpcodes.get(prefix)?.[second] ?? is.unknown;
      all.push({
        name: `${prefix.toString(16)} ${second.toString(16)}`,
        opcode: [prefix, ...encodeLeb(second)],
        kind,
      });
    }
  }
  return all;
}

function validForm({ opcode, kind }: Entry): Uint8Array<ArrayBuffer> | undefined {
  const placed = opcode.length === 1 ? inPlace.get(opcode[0] as number) : undefined;
  if (placed !== undefined) return validBytes(placed);
  for (const rest of candidates(kind, opcode)) {
    const form = [...opcode, ...rest];
    const bytes = validBytes(kind === is.castBranch ? [0x02, 0x6e, unreachable, ...form, 0x0b, 0x1a] : form);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

function isRefused({ kind }: Entry): boolean {
  return kind === is.wait;
}

describe("the opcode table", () => {
  it("knows every opcode that the engine accepts, and its immediates: the module stays valid", () => {
    const problems: string[] = [];
    for (const entry of entries()) {
      if (entry.kind === is.unknown) continue;
      const bytes = validForm(entry);
      if (bytes === undefined) {
        problems.push(`${entry.name}: no valid form`);
        continue;
      }
      if (!isRefused(entry) && !WebAssembly.validate(meterModule(bytes).bytes))
        problems.push(`${entry.name}: invalid when metered`);
    }
    expect(problems).toEqual([]);
  });

  it("refuses what would stop the whole thread", () => {
    const waits = entries().filter(isRefused);
    expect(waits.map(({ name }) => name)).toEqual(["fe 1", "fe 2"]);
    for (const wait of waits) {
      expect(() => meterModule(validForm(wait) as Uint8Array)).toThrow("memory.atomic.wait");
    }
  });

  it("calls unknown only what the engine refuses whatever follows", () => {
    const followers = [
      [],
      zero,
      [...zero, ...zero],
      [0x6b],
      [0x63, 0x70],
      [0, 0, 0x6b, 0x6b],
      [2, 0],
      [1, 0, 0],
    ];
    const accepted = entries()
      .filter(({ kind }) => kind === is.unknown)
      .filter(({ opcode }) => followers.some((rest) => validBytes([...opcode, ...rest]) !== undefined))
      .map(({ name }) => name);
    expect(accepted).toEqual([]);
  });

  it("names the opcode and the function when it meets an unknown one", () => {
    const bytes = build({ types: [[0x60, 0, 0]], functions: [{ type: 0, code: [0xfc, 0x30] }] });
    expect(() => meterModule(bytes)).toThrow("Function 0 has the unknown opcode 0xfc 48.");
    const plain = build({ types: [[0x60, 0, 0]], functions: [{ type: 0, code: [0x27] }] });
    expect(() => meterModule(plain)).toThrow("Function 0 has the unknown opcode 0x27.");
  });
});
