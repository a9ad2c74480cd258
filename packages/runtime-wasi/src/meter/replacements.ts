import { eventKinds } from "./function-events.ts";

/** What is put in place of instructions. */
export interface Replacements {
  /** The check, and where in it the `if` is; absent: no checks, only calls are replaced. */
  readonly check?: { readonly code: Uint8Array; readonly hintAt: number };
  /** Instead of memory.grow, memory.fill and memory.copy: calls. Absent: left as they are. */
  readonly memoryGrow?: Uint8Array;
  readonly memoryFill?: Uint8Array;
  readonly memoryCopy?: Uint8Array;
  /** Before an array is made: a call that takes its length and the most it may be, by type index, and gives the length. */
  readonly arrayLength?: { readonly call: Uint8Array; readonly most: readonly (number | undefined)[] };
}

/** The code instead of an instruction of a kind of event. */
export function replacementOf(kind: number, replacements: Replacements): Uint8Array | undefined {
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
