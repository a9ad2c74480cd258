/** What {@link FunctionEvents} records of an instruction. */
export const eventKinds = {
  /** A place where a check may stand, in a long stretch without any other event. */
  place: 0,
  open: 1,
  loop: 2,
  /** A second arm: else, catch, catch_all. */
  otherwise: 3,
  close: 4,
  call: 5,
  callUnknown: 6,
  memoryGrow: 7,
  memoryFill: 8,
  memoryCopy: 9,
  /** Work in proportion to a length that is only known when it runs. */
  bulk: 10,
  /** br, br_if. */
  branch: 11,
  /** br_table. */
  branchTable: 12,
  /** Makes an array of a length that is only known when it runs. */
  array: 13,
} as const;

/** What the scan of all functions found, in code order; columns instead of objects, as there are millions. */
export class FunctionEvents {
  kinds: Uint8Array = new Uint8Array(1024);
  /** Where the instruction begins. */
  starts: Uint32Array = new Uint32Array(1024);
  /** Where the next instruction begins. */
  ends: Uint32Array = new Uint32Array(1024);
  /**
   * The callee of a call; the type of an array; the label of a branch; for a loop, the index of its event of closing, and for that, how often
   * the loop's body is written. Branches are recorded only where loops that may be unrolled need them.
   */
  operands: Uint32Array = new Uint32Array(1024);
  length = 0;

  add(kind: number, start: number, end: number, operand: number): void {
    if (this.length === this.kinds.length) this.#grow();
    this.kinds[this.length] = kind;
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.operands[this.length] = operand;
    this.length++;
  }

  #grow(): void {
    const size = this.length * 2;
    const kinds = new Uint8Array(size);
    kinds.set(this.kinds);
    this.kinds = kinds;
    const larger = (old: Uint32Array): Uint32Array => {
      const next = new Uint32Array(size);
      next.set(old);
      return next;
    };
    this.starts = larger(this.starts);
    this.ends = larger(this.ends);
    this.operands = larger(this.operands);
  }
}
