import type { BranchHints } from "./branch-hints.ts";
import { ByteWriter } from "./byte-writer.ts";
import { extraCostOf, saturation } from "./call-costs.ts";
import type { ScannedCode } from "./call-costs.ts";
import { eventKinds } from "./function-events.ts";
import { FunctionWriter } from "./function-writer.ts";
import { replacementOf } from "./replacements.ts";
import type { Replacements } from "./replacements.ts";
import type { ScannedFunction } from "./scan-function.ts";
import { bytesOfUnrolling, longestUnrolledFunction } from "./unrolling.ts";
import type { UnrollingRoom } from "./unrolling.ts";

/** What {@link emitFunction} needs to know of the module. */
export interface EmitInit {
  readonly code: ScannedCode;
  /** See `callCostsOf`. */
  readonly costs: Uint16Array;
  readonly bytes: Uint8Array;
  readonly out: ByteWriter;
  readonly replacements: Replacements;
  readonly room: UnrollingRoom;
}

/** Puts checks into one function, in one walk over its events. */
class FunctionEmitter {
  readonly #init: EmitInit;
  readonly #function: ScannedFunction;
  readonly #isLight: boolean;
  readonly #writer: FunctionWriter;
  /** Places of the last check before each open block, as costs from the start; -1: none in this activation. */
  readonly #outer: number[] = [];
  #last = -1;
  #extra = 0;
  /** In a copy of a loop's body: by how much labels outside of the loop have moved, and how many blocks it is within. */
  #labelsMoved = 0;
  #copyDepth = 0;

  constructor(init: EmitInit, index: number, old?: BranchHints) {
    this.#init = init;
    this.#function = init.code.functions[index] as ScannedFunction;
    this.#isLight = (init.costs[index] as number) < saturation;
    this.#writer = new FunctionWriter(init.bytes, this.#function.start, init.out, old);
  }

  /** Writes everything; gives the function's hints. */
  emit(first: number, end: number): BranchHints {
    this.#emitRange(first, end);
    this.#writer.copyTo(this.#function.end);
    return this.#writer.hints;
  }

  #emitRange(first: number, end: number): void {
    const { kinds, operands } = this.#init.code.events;
    const hasChecks = this.#init.replacements.check !== undefined;
    for (let event = first; event < end; event++) {
      if (hasChecks && kinds[event] === eventKinds.loop && this.#isUnrolled(event)) {
        this.#emitUnrolled(event);
        event = operands[event] as number;
      } else this.#emitEvent(event);
    }
  }

  #emitEvent(event: number): void {
    const { code, costs, replacements } = this.#init;
    const { kinds, starts, ends } = code.events;
    const { check } = replacements;
    const kind = kinds[event] as number;
    const at = starts[event] as number;
    const cost = this.#isLight ? 0 : extraCostOf(code, event, costs);
    if (check !== undefined && this.#needsCheck(event, cost)) {
      this.#writer.insertCheck(at, check);
      this.#last = this.#costAt(at);
    }
    if (kind === eventKinds.array) this.#emitArrayLength(event);
    const instead = replacementOf(kind, replacements);
    if (instead !== undefined) this.#writer.replace(at, ends[event] as number, instead);
    if (check === undefined) return;
    this.#extra += cost;
    switch (kind) {
      case eventKinds.open:
        this.#outer.push(this.#last);
        break;
      case eventKinds.loop:
        this.#emitLoopHead(event, check);
        break;
      case eventKinds.otherwise:
        this.#last = this.#outer.at(-1) ?? -1;
        break;
      case eventKinds.close:
        this.#last = this.#outer.pop() ?? -1;
        break;
      case eventKinds.branch:
      case eventKinds.branchTable:
        this.#emitBranch(event, kind);
    }
  }

  #emitArrayLength(event: number): void {
    const { arrayLength } = this.#init.replacements;
    const { starts, operands } = this.#init.code.events;
    const most = arrayLength?.most[operands[event] as number];
    if (arrayLength === undefined || most === undefined) return;
    const code = new ByteWriter(16).u8(0x41).s32(most).append(arrayLength.call).view();
    this.#writer.insert(starts[event] as number, code);
  }

  #costAt(at: number): number {
    return at - this.#function.start + this.#extra;
  }

  #needsCheck(event: number, cost: number): boolean {
    const { kinds, starts } = this.#init.code.events;
    const kind = kinds[event] as number;
    if (kind === eventKinds.bulk || kind === eventKinds.array) return true;
    if (this.#isLight || !mayPrecede(kind)) return false;
    const before = this.#costAt(starts[event] as number);
    const isFar = before + cost - Math.max(this.#last, 0) > 2 * saturation;
    return isFar || (isCall(kind) && cost === saturation && this.#last < 0);
  }

  #emitLoopHead(loop: number, check: NonNullable<Replacements["check"]>): void {
    const { starts, ends } = this.#init.code.events;
    this.#writer.insertCheck(ends[loop] as number, check);
    this.#last = this.#costAt(starts[loop] as number);
    // What follows the loop has this check before it.
    this.#outer.push(this.#last);
  }

  #emitBranch(event: number, kind: number): void {
    if (this.#labelsMoved === 0) return;
    const { starts, ends } = this.#init.code.events;
    const isTable = kind === eventKinds.branchTable;
    const [at, end] = [starts[event] as number, ends[event] as number];
    const nesting = this.#outer.length - this.#copyDepth;
    this.#writer.moveLabels(at, end, isTable, nesting, this.#labelsMoved);
  }

  #isUnrolled(loop: number): boolean {
    if (this.#function.end - this.#function.start > longestUnrolledFunction) return false;
    const size = bytesOfUnrolling(this.#init.code.events, loop);
    return size > 0 && this.#init.room.take(size);
  }

  /**
   * `block loop check (block body br 2 end)… body end end`: what went on with the loop goes on with the next copy of its
   * body, and only the last one goes back to the check; what left the loop at its end leaves the outer block.
   */
  #emitUnrolled(loop: number): void {
    const { check } = this.#init.replacements;
    if (check === undefined) return;
    const { starts, ends, operands } = this.#init.code.events;
    const close = operands[loop] as number;
    const [body, bodyEnd] = [ends[loop] as number, starts[close] as number];
    this.#writer.insert(starts[loop] as number, [0x02, this.#init.bytes[body - 1] as number]);
    this.#emitLoopHead(loop, check);
    for (let left = (operands[close] as number) - 1; left >= 0; left--) {
      this.#writer.goBackTo(body);
      if (left > 0) this.#writer.insert(body, [0x02, 0x40]);
      this.#labelsMoved = left > 0 ? 2 : 1;
      this.#copyDepth = this.#outer.length;
      this.#last = this.#outer.at(-1) ?? -1;
      this.#emitRange(loop + 1, close);
      this.#writer.copyTo(bodyEnd);
      if (left > 0) {
        this.#writer.insert(bodyEnd, [0x0c, 2, 0x0b]);
        this.#extra += bodyEnd - body;
      }
    }
    this.#labelsMoved = 0;
    this.#emitEvent(close);
    this.#writer.insert(ends[close] as number, [0x0b]);
  }
}

/**
 * Appends a function (without its size) to `out`, with a check
 * - at the head of every loop, of which small ones are unrolled,
 * - before a call of a saturated function when no check of this activation stands surely before it, so that every
 *   cycle of calls passes one,
 * - before every instruction whose work depends on a length,
 * - wherever twice {@link saturation} might be executed since the last one.
 *
 * A check counts as standing before what follows it in its block and in blocks within: the format is structured, so
 * nothing jumps past it from outside, and backwards only to loop heads, which have checks.
 */
export function emitFunction(init: EmitInit, index: number, old?: BranchHints): BranchHints {
  const { firstEvents } = init.code;
  const emitter = new FunctionEmitter(init, index, old);
  return emitter.emit(firstEvents[index] as number, firstEvents[index + 1] as number);
}

function isCall(kind: number): boolean {
  return kind === eventKinds.call || kind === eventKinds.callUnknown;
}

/** Whether a check may stand right before an instruction; before an arm or an end it would be in the wrong block. */
function mayPrecede(kind: number): boolean {
  return kind !== eventKinds.otherwise && kind !== eventKinds.close && kind !== eventKinds.loop;
}
