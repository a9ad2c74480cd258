import { eventKinds } from "./function-events.ts";
import type { FunctionEvents } from "./function-events.ts";

/** Bytes of the longest loop body that is worth a copy: a longer one pays for its check by itself. */
const longestBody = 128;
/** Bytes of all copies of a body together, about. */
const longestUnrolled = 256;
const mostCopies = 8;

/** Functions longer than this are left as they are, so that copies do not make them too long for the engine. */
export const longestUnrolledFunction: number = 1024 * 1024;

/** How often a loop body of `size` bytes is written, so that its check is passed once in as many rounds. */
export function copiesOf(size: number): number {
  if (size < 1 || size > longestBody) return 1;
  return Math.min(mostCopies, Math.floor(longestUnrolled / size));
}

/**
 * Whether a loop with such an instruction may be unrolled. Not one around other loops, which are passed more often
 * than it is; nor one with calls or bulk operations, which cost more than a check.
 */
export function mayStandInCopies(kind: number): boolean {
  switch (kind) {
    case eventKinds.open:
    case eventKinds.otherwise:
    case eventKinds.close:
    case eventKinds.branch:
    case eventKinds.branchTable:
    case eventKinds.place:
      return true;
    default:
      return false;
  }
}

/** How many bytes the copies of a loop's body add to the body itself. */
export function bytesOfCopies(events: FunctionEvents, loop: number): number {
  const close = events.operands[loop] as number;
  const size = (events.starts[close] as number) - (events.ends[loop] as number);
  return size * ((events.operands[close] as number) - 1);
}

/** How many bytes an unrolled loop is longer by: each copy but the last stands in a block of its own, all in one. */
export function bytesOfUnrolling(events: FunctionEvents, loop: number): number {
  const copies = events.operands[events.operands[loop] as number] as number;
  return copies === 1 ? 0 : bytesOfCopies(events, loop) + 5 * (copies - 1) + 3;
}

/** How many bytes the copies of loop bodies may add to a module: half of its code, and a small module what it likes. */
export class UnrollingRoom {
  #left: number;

  constructor(codeSize: number) {
    this.#left = Math.max(64 * 1024, Math.floor(codeSize / 2));
  }

  /** Takes `size` bytes if they are left. */
  take(size: number): boolean {
    if (size > this.#left) return false;
    this.#left -= size;
    return true;
  }
}
