/** What stands after an opcode, for every opcode that V8 14.6 accepts by default. */
export const immediates = {
  unknown: 0,
  none: 1,
  /** block, if, try: a block type. */
  block: 2,
  loop: 3,
  /** try_table: a block type and catch clauses. */
  tryTable: 4,
  /** else, catch_all. */
  otherwise: 5,
  /** catch: a tag. */
  catchTag: 6,
  end: 7,
  /** delegate: a label; ends its block. */
  delegate: 8,
  /** One number: a local, a global, a table, a function, a type, a tag. */
  index: 9,
  twoIndices: 10,
  brTable: 11,
  /** call, return_call. */
  call: 12,
  /** call_indirect and return_call_indirect: a type and a table. */
  callIndirect: 13,
  /** call_ref and return_call_ref: a type. */
  callRef: 14,
  typedSelect: 15,
  memoryAccess: 16,
  memoryAccessLane: 17,
  memoryGrow: 18,
  memoryFill: 19,
  memoryCopy: 20,
  i32Const: 21,
  i64Const: 22,
  fourBytes: 23,
  eightBytes: 24,
  sixteenBytes: 25,
  oneByte: 26,
  heapType: 27,
  castBranch: 28,
  /** GC instructions that make an object of a size that is known, with one or two indices. */
  allocateOne: 29,
  allocateTwo: 30,
  /** An instruction that blocks the whole thread. */
  wait: 31,
  prefix: 32,
  /** Work in proportion to a length that is only known when it runs; one or two indices. */
  bulkOne: 33,
  bulkTwo: 34,
  /** br, br_if: a label. */
  branch: 35,
  /** rethrow, br_on_null, br_on_non_null: a label. */
  otherLabel: 36,
  /** GC instructions that make an array of a length from the stack, with one or two indices. */
  allocateArrayOne: 37,
  allocateArrayTwo: 38,
} as const;

/** One of {@link immediates}. */
type Immediates = (typeof immediates)[keyof typeof immediates];

type Row = readonly [first: number, last: number, kind: Immediates];

function tableOf(size: number, rows: readonly Row[]): Uint8Array {
  const table = new Uint8Array(size);
  for (const [first, last, kind] of rows) table.fill(kind, first, last + 1);
  return table;
}

const is = immediates;

/** By the first byte of an instruction. */
export const plainOpcodes: Uint8Array = tableOf(0x100, [
  [0x00, 0x01, is.none],
  [0x02, 0x02, is.block],
  [0x03, 0x03, is.loop],
  [0x04, 0x04, is.block],
  [0x05, 0x05, is.otherwise],
  [0x06, 0x06, is.block],
  [0x07, 0x07, is.catchTag],
  [0x08, 0x08, is.index],
  [0x09, 0x09, is.otherLabel],
  [0x0a, 0x0a, is.none],
  [0x0b, 0x0b, is.end],
  [0x0c, 0x0d, is.branch],
  [0x0e, 0x0e, is.brTable],
  [0x0f, 0x0f, is.none],
  [0x10, 0x10, is.call],
  [0x11, 0x11, is.callIndirect],
  [0x12, 0x12, is.call],
  [0x13, 0x13, is.callIndirect],
  [0x14, 0x15, is.callRef],
  [0x18, 0x18, is.delegate],
  [0x19, 0x19, is.otherwise],
  [0x1a, 0x1b, is.none],
  [0x1c, 0x1c, is.typedSelect],
  [0x1f, 0x1f, is.tryTable],
  [0x20, 0x26, is.index],
  [0x28, 0x3e, is.memoryAccess],
  [0x3f, 0x3f, is.index],
  [0x40, 0x40, is.memoryGrow],
  [0x41, 0x41, is.i32Const],
  [0x42, 0x42, is.i64Const],
  [0x43, 0x43, is.fourBytes],
  [0x44, 0x44, is.eightBytes],
  [0x45, 0xc4, is.none],
  [0xd0, 0xd0, is.heapType],
  [0xd1, 0xd1, is.none],
  [0xd2, 0xd2, is.index],
  [0xd3, 0xd4, is.none],
  [0xd5, 0xd6, is.otherLabel],
  [0xfb, 0xfe, is.prefix],
]);

/** After 0xfb: garbage collection. */
const gcOpcodes: Uint8Array = tableOf(0x1f, [
  [0x00, 0x01, is.allocateOne],
  [0x02, 0x05, is.twoIndices],
  [0x06, 0x07, is.allocateArrayOne],
  [0x08, 0x08, is.allocateTwo],
  [0x09, 0x0a, is.allocateArrayTwo],
  [0x0b, 0x0e, is.index],
  [0x0f, 0x0f, is.none],
  [0x10, 0x10, is.bulkOne],
  [0x11, 0x13, is.bulkTwo],
  [0x14, 0x17, is.heapType],
  [0x18, 0x19, is.castBranch],
  [0x1a, 0x1e, is.none],
]);

/** After 0xfc: saturating conversions, bulk memory, tables. */
const bulkOpcodes: Uint8Array = tableOf(0x12, [
  [0x00, 0x07, is.none],
  [0x08, 0x08, is.bulkTwo],
  [0x09, 0x09, is.index],
  [0x0a, 0x0a, is.memoryCopy],
  [0x0b, 0x0b, is.memoryFill],
  [0x0c, 0x0c, is.bulkTwo],
  [0x0d, 0x0d, is.index],
  [0x0e, 0x0e, is.bulkTwo],
  [0x0f, 0x0f, is.bulkOne],
  [0x10, 0x10, is.index],
  [0x11, 0x11, is.bulkOne],
]);

/** After 0xfd: 128-bit SIMD and relaxed SIMD. The gaps are opcodes that no proposal defines. */
const vectorOpcodes: Uint8Array = tableOf(0x114, [
  [0x00, 0x0b, is.memoryAccess],
  [0x0c, 0x0d, is.sixteenBytes],
  [0x0e, 0x14, is.none],
  [0x15, 0x22, is.oneByte],
  [0x23, 0x53, is.none],
  [0x54, 0x5b, is.memoryAccessLane],
  [0x5c, 0x5d, is.memoryAccess],
  [0x5e, 0x99, is.none],
  [0x9b, 0xa1, is.none],
  [0xa3, 0xa4, is.none],
  [0xa7, 0xae, is.none],
  [0xb1, 0xb1, is.none],
  [0xb5, 0xba, is.none],
  [0xbc, 0xc1, is.none],
  [0xc3, 0xc4, is.none],
  [0xc7, 0xce, is.none],
  [0xd1, 0xd1, is.none],
  [0xd5, 0xe1, is.none],
  [0xe3, 0xed, is.none],
  [0xef, 0x113, is.none],
]);

/** After 0xfe: atomics. */
const atomicOpcodes: Uint8Array = tableOf(0x4f, [
  [0x00, 0x00, is.memoryAccess],
  [0x01, 0x02, is.wait],
  [0x03, 0x03, is.oneByte],
  [0x10, 0x4e, is.memoryAccess],
]);

/** By prefix byte: what stands after the opcode that follows the prefix. */
export const prefixedOpcodes: ReadonlyMap<number, Uint8Array> = new Map([
  [0xfb, gcOpcodes],
  [0xfc, bulkOpcodes],
  [0xfd, vectorOpcodes],
  [0xfe, atomicOpcodes],
]);
