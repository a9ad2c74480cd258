import { KrustletError } from "@krustlet/interface";
import { mostCompileCost, mostLoopValues } from "./compile-cost.ts";
import { eventKinds } from "./function-events.ts";
import type { FunctionEvents } from "./function-events.ts";
import { InstructionCosts } from "./instruction-costs.ts";
import type { ModuleArities } from "./instruction-costs.ts";
import { immediates as is, plainOpcodes, prefixedOpcodes } from "./opcode-table.ts";
import {
  broken,
  readNumber,
  skipCatch,
  skipMany,
  skipMemoryAccess,
  skipNumber,
  skipType,
} from "./read-immediates.ts";
import { copiesOf, mayStandInCopies } from "./unrolling.ts";

/** Where a function's body is, and what it may do besides computing. */
export interface ScannedFunction {
  /** Where its locals begin: hints count from here. */
  readonly start: number;
  /** Where its first instruction is. */
  readonly code: number;
  readonly end: number;
  readonly localCount: number;
  readonly allocates: boolean;
  /** See {@link CompileCost}. */
  readonly compileCost: number;
}

/** No two events are further apart than this many bytes. */
const longestGap = 512;

function unsupported(describe: () => string, what: string): KrustletError {
  return new KrustletError("UnsupportedModule", `Function ${describe()} ${what}.`);
}

/** Whether a loop has no parameters: its type is empty or a short value type, not an index. */
function takesNothing(bytes: Uint8Array, loop: number): boolean {
  const type = bytes[loop + 1] as number;
  return type >= 0x40 && type < 0x80 && type !== 0x63 && type !== 0x64;
}

function scanLocals(bytes: Uint8Array, start: number): { code: number; localCount: number } {
  let localCount = 0;
  let code = skipNumber(bytes, start);
  for (let left = readNumber(bytes, start); left > 0; left--) {
    localCount += readNumber(bytes, code);
    code = skipType(bytes, skipNumber(bytes, code));
  }
  return { code, localCount };
}

/**
 * Walks over the body in `bytes[start, end)` and records what the metering needs to know. The module must be valid;
 * with one that is not, this ends as well, but not always with an error.
 * @throws KrustletError `UnsupportedModule` for an opcode that is not in the table, and for one that blocks.
 */
export function scanFunction(
  bytes: Uint8Array,
  start: number,
  end: number,
  events: FunctionEvents,
  arities: ModuleArities,
  type: number,
  describe: () => string,
): ScannedFunction {
  const { code, localCount } = scanLocals(bytes, start);
  const costs = new InstructionCosts(arities, bytes, type, localCount);
  const openLoops: number[] = [];
  let allocates = false;
  let arrayType: number;
  let lastEvent = code;
  let at = code;
  // The event of the innermost loop, while it may be unrolled; or -1.
  let plainLoop = -1;
  const record = (kind: number, next: number, operand: number): void => {
    if (!mayStandInCopies(kind)) plainLoop = -1;
    events.add(kind, at, next, operand);
    lastEvent = next;
  };
  while (at < end) {
    const opcode = bytes[at] as number;
    let kind = plainOpcodes[opcode] as number;
    let next = at + 1;
    let second = -1;
    if (kind === is.prefix) {
      second = readNumber(bytes, next);
      next = skipNumber(bytes, next);
      kind = prefixedOpcodes.get(opcode)?.[second] ?? is.unknown;
      if (kind === is.unknown) {
        throw unsupported(describe, `has the unknown opcode 0x${opcode.toString(16)} ${second}`);
      }
    }
    costs.count(kind, opcode, second, next);
    switch (kind) {
      case is.none:
        break;
      case is.index:
      case is.i32Const:
      case is.i64Const:
        while ((bytes[next++] as number) >= 0x80);
        break;
      case is.memoryAccess:
        next = skipMemoryAccess(bytes, next);
        break;
      case is.block:
        next = skipType(bytes, next);
        openLoops.push(-1);
        record(eventKinds.open, next, 0);
        break;
      case is.loop:
        next = skipType(bytes, next);
        openLoops.push(events.length);
        record(eventKinds.loop, next, 0);
        if (takesNothing(bytes, at)) plainLoop = events.length - 1;
        break;
      case is.tryTable:
        next = skipMany(bytes, skipType(bytes, next), end, (from) => skipCatch(bytes, from));
        openLoops.push(-1);
        record(eventKinds.open, next, 0);
        plainLoop = -1;
        break;
      case is.catchTag:
        next = skipNumber(bytes, next);
        record(eventKinds.otherwise, next, 0);
        break;
      case is.otherwise:
        record(eventKinds.otherwise, next, 0);
        break;
      case is.delegate:
        next = skipNumber(bytes, next);
        openLoops.pop();
        record(eventKinds.close, next, 0);
        plainLoop = -1;
        break;
      case is.end: {
        const loop = openLoops.pop() ?? -1;
        if (loop >= 0) events.operands[loop] = events.length;
        const isPlain = loop >= 0 && loop === plainLoop;
        record(eventKinds.close, next, isPlain ? copiesOf(at - (events.ends[loop] as number)) : 1);
        if (isPlain) plainLoop = -1;
        break;
      }
      case is.branch:
        next = skipNumber(bytes, next);
        if (plainLoop >= 0) record(eventKinds.branch, next, readNumber(bytes, at + 1));
        break;
      case is.otherLabel:
        next = skipNumber(bytes, next);
        plainLoop = -1;
        break;
      case is.call:
        next = skipNumber(bytes, next);
        record(eventKinds.call, next, readNumber(bytes, at + 1));
        break;
      case is.callIndirect:
        next = skipNumber(bytes, skipNumber(bytes, next));
        record(eventKinds.callUnknown, next, 0);
        break;
      case is.callRef:
        next = skipNumber(bytes, next);
        record(eventKinds.callUnknown, next, 0);
        break;
      case is.memoryGrow:
        next = skipNumber(bytes, next);
        record(eventKinds.memoryGrow, next, 0);
        break;
      case is.memoryFill:
        next = skipNumber(bytes, next);
        record(eventKinds.memoryFill, next, 0);
        break;
      case is.memoryCopy:
        next = skipNumber(bytes, skipNumber(bytes, next));
        record(eventKinds.memoryCopy, next, 0);
        break;
      case is.allocateOne:
        allocates = true;
        next = skipNumber(bytes, next);
        record(eventKinds.bulk, next, 0);
        break;
      case is.allocateTwo:
        allocates = true;
        next = skipNumber(bytes, skipNumber(bytes, next));
        record(eventKinds.bulk, next, 0);
        break;
      case is.allocateArrayOne:
        allocates = true;
        arrayType = readNumber(bytes, next);
        next = skipNumber(bytes, next);
        record(eventKinds.array, next, arrayType);
        break;
      case is.allocateArrayTwo:
        allocates = true;
        arrayType = readNumber(bytes, next);
        next = skipNumber(bytes, skipNumber(bytes, next));
        record(eventKinds.array, next, arrayType);
        break;
      case is.bulkOne:
        next = skipNumber(bytes, next);
        record(eventKinds.bulk, next, 0);
        break;
      case is.bulkTwo:
        next = skipNumber(bytes, skipNumber(bytes, next));
        record(eventKinds.bulk, next, 0);
        break;
      case is.twoIndices:
        next = skipNumber(bytes, skipNumber(bytes, next));
        break;
      case is.brTable:
        next = skipNumber(
          bytes,
          skipMany(bytes, next, end, (from) => skipNumber(bytes, from)),
        );
        if (plainLoop >= 0) record(eventKinds.branchTable, next, 0);
        break;
      case is.typedSelect:
        next = skipMany(bytes, next, end, (from) => skipType(bytes, from));
        break;
      case is.memoryAccessLane:
        next = skipMemoryAccess(bytes, next) + 1;
        break;
      case is.fourBytes:
        next += 4;
        break;
      case is.eightBytes:
        next += 8;
        break;
      case is.sixteenBytes:
        next += 16;
        break;
      case is.oneByte:
        next += 1;
        break;
      case is.heapType:
        next = skipNumber(bytes, bytes[next] === 0x62 ? next + 1 : next);
        break;
      case is.castBranch:
        next = skipNumber(bytes, skipNumber(bytes, skipNumber(bytes, next + 1)));
        plainLoop = -1;
        break;
      case is.wait:
        throw unsupported(
          describe,
          "waits for another thread (memory.atomic.wait), which would stop its thread",
        );
      default:
        throw unsupported(describe, `has the unknown opcode 0x${opcode.toString(16)}`);
    }
    if (next > end) throw broken(at, `function ${describe()} ends within an instruction`);
    if (next - lastEvent > longestGap) record(eventKinds.place, next, 0);
    at = next;
  }
  const compileCost = costs.cost.end(end - start);
  if (compileCost > mostCompileCost || costs.cost.loopValues > mostLoopValues) {
    throw unsupported(
      describe,
      `would take the engine too long to compile: it has ${localCount} locals in ${end - start} bytes of code, all of which count at each of its blocks and branches`,
    );
  }
  return { start, code, end, localCount, allocates, compileCost };
}
