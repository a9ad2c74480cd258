import type { BranchHints } from "./branch-hints.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { extraCostOf, saturation } from "./call-costs.ts";
import type { ScannedCode } from "./call-costs.ts";
import { eventKinds } from "./function-events.ts";
import type { ScannedFunction } from "./scan-function.ts";

/** What is put in place of instructions. */
export interface Replacements {
  /** The check, and where in it the `if` is; absent: no checks, only calls are replaced. */
  readonly check?: { readonly code: Uint8Array; readonly hintAt: number };
  /** Instead of memory.grow, memory.fill and memory.copy: calls. Absent: left as they are. */
  readonly memoryGrow?: Uint8Array;
  readonly memoryFill?: Uint8Array;
  readonly memoryCopy?: Uint8Array;
}

/** Writes one function with its checks, and moves and adds its branch hints. */
class FunctionEmitter {
  readonly #code: ScannedCode;
  readonly #bytes: Uint8Array;
  readonly #out: ByteWriter;
  readonly #old: BranchHints | undefined;
  readonly #hints: BranchHints = { offsets: [], values: [] };
  #copied: number;
  #bodyStart = 0;
  #nextOld = 0;
  readonly #start: number;

  constructor(code: ScannedCode, bytes: Uint8Array, out: ByteWriter, start: number, old?: BranchHints) {
    this.#code = code;
    this.#bytes = bytes;
    this.#out = out;
    this.#old = old;
    this.#start = start;
    this.#copied = start;
    this.#bodyStart = out.length;
  }

  /** Copies the original up to `at`, and takes along the hints in between. */
  copyTo(at: number): void {
    const moved = this.#out.length - this.#bodyStart - (this.#copied - this.#start);
    if (this.#old !== undefined) {
      for (;;) {
        const offset = this.#old.offsets[this.#nextOld];
        if (offset === undefined || this.#start + offset >= at) break;
        this.#hints.offsets.push(offset + moved);
        this.#hints.values.push(this.#old.values[this.#nextOld] as number);
        this.#nextOld++;
      }
    }
    this.#out.copy(this.#bytes, this.#copied, at);
    this.#copied = at;
  }

  check({ code, hintAt }: { readonly code: Uint8Array; readonly hintAt: number }, at: number): void {
    this.copyTo(at);
    this.#hints.offsets.push(this.#out.length - this.#bodyStart + hintAt);
    this.#hints.values.push(0);
    this.#out.append(code);
  }

  replace(event: number, code: Uint8Array): void {
    this.copyTo(this.#code.events.starts[event] as number);
    this.#out.append(code);
    this.#copied = this.#code.events.ends[event] as number;
  }

  get hints(): BranchHints {
    return this.#hints;
  }
}

/**
 * Appends a function (without its size) to `out`, with a check
 * - at the head of every loop,
 * - before a call of a saturated function when no check of this activation stands surely before it, so that every
 *   cycle of calls passes one,
 * - before every instruction whose work depends on a length,
 * - wherever twice {@link saturation} might be executed since the last one.
 *
 * A check counts as standing before what follows it in its block and in blocks within: the format is structured, so
 * nothing jumps past it from outside, and backwards only to loop heads, which have checks.
 */
export function emitFunction(
  code: ScannedCode,
  index: number,
  costs: Uint16Array,
  bytes: Uint8Array,
  out: ByteWriter,
  replacements: Replacements,
  old?: BranchHints,
): BranchHints {
  const { start, end } = code.functions[index] as ScannedFunction;
  const { kinds, starts, ends } = code.events;
  const emitter = new FunctionEmitter(code, bytes, out, start, old);
  const { check } = replacements;
  const isLight = (costs[index] as number) < saturation;
  // Places of the last check before each open block, as costs from the start; -1: none in this activation.
  const outer: number[] = [];
  let last = -1;
  let extra = 0;
  const final = code.firstEvents[index + 1] as number;
  for (let event = code.firstEvents[index] as number; event < final; event++) {
    const kind = kinds[event] as number;
    const at = starts[event] as number;
    const cost = isLight ? 0 : extraCostOf(code, event, costs);
    if (check !== undefined) {
      const before = at - start + extra;
      const isFar = before + cost - Math.max(last, 0) > 2 * saturation;
      const isFirstDeepCall = isCall(kind) && cost === saturation && last < 0;
      if (kind === eventKinds.bulk || (!isLight && mayPrecede(kind) && (isFar || isFirstDeepCall))) {
        emitter.check(check, at);
        last = before;
      }
    }
    const instead = replacementOf(kind, replacements);
    if (instead !== undefined) emitter.replace(event, instead);
    if (check === undefined) continue;
    extra += cost;
    if (kind === eventKinds.open) {
      outer.push(last);
    } else if (kind === eventKinds.loop) {
      emitter.check(check, ends[event] as number);
      last = at - start + extra;
      // What follows the loop has this check before it.
      outer.push(last);
    } else if (kind === eventKinds.otherwise) {
      last = outer.at(-1) ?? -1;
    } else if (kind === eventKinds.close) {
      last = outer.pop() ?? -1;
    }
  }
  emitter.copyTo(end);
  return emitter.hints;
}

function isCall(kind: number): boolean {
  return kind === eventKinds.call || kind === eventKinds.callUnknown;
}

function replacementOf(kind: number, replacements: Replacements): Uint8Array | undefined {
  switch (kind) {
    case eventKinds.memoryGrow:
      return replacements.memoryGrow;
    case eventKinds.memoryFill:
      return replacements.memoryFill;
    case eventKinds.memoryCopy:
      return replacements.memoryCopy;
    default:
      return undefined;
  }
}

/** Whether a check may stand right before an instruction; before an arm or an end it would be in the wrong block. */
function mayPrecede(kind: number): boolean {
  return kind !== eventKinds.otherwise && kind !== eventKinds.close && kind !== eventKinds.loop;
}
