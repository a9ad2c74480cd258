import type { BranchHints } from "./branch-hints.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { readNumber, skipNumber } from "./read-immediates.ts";

/** Writes one function from pieces of the original and new code, and moves and adds its branch hints. */
export class FunctionWriter {
  readonly #bytes: Uint8Array;
  readonly #out: ByteWriter;
  readonly #old: BranchHints | undefined;
  readonly #hints: BranchHints = { offsets: [], values: [] };
  readonly #bodyStart: number;
  readonly #start: number;
  #copied: number;
  #nextOld = 0;

  /** `start` is where the locals begin in `bytes`; `old` are the hints that the original has. */
  constructor(bytes: Uint8Array, start: number, out: ByteWriter, old?: BranchHints) {
    this.#bytes = bytes;
    this.#out = out;
    this.#old = old;
    this.#start = start;
    this.#copied = start;
    this.#bodyStart = out.length;
  }

  /** Ascending, from the start of the locals as they are written. */
  get hints(): BranchHints {
    return this.#hints;
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

  /** Puts new code before what stands at `at`. */
  insert(at: number, code: ArrayLike<number>): void {
    this.copyTo(at);
    this.#out.append(code);
  }

  /** Puts in a check: code of which the `if` at `hintAt` is unlikely to be taken. */
  insertCheck(at: number, { code, hintAt }: { readonly code: Uint8Array; readonly hintAt: number }): void {
    this.copyTo(at);
    this.#hints.offsets.push(this.#out.length - this.#bodyStart + hintAt);
    this.#hints.values.push(0);
    this.#out.append(code);
  }

  /** Puts new code in place of the original from `at` to `end`. */
  replace(at: number, end: number, code: ArrayLike<number>): void {
    this.insert(at, code);
    this.#copied = end;
  }

  /** Copies a br, br_if or br_table whose labels beyond `within` have moved outwards by `by`. */
  moveLabels(at: number, end: number, isTable: boolean, within: number, by: number): void {
    let next = at + 1;
    this.copyTo(next);
    if (isTable) {
      next = skipNumber(this.#bytes, next);
      this.copyTo(next);
    }
    while (next < end) {
      const label = readNumber(this.#bytes, next);
      this.#out.u32(label > within ? label + by : label);
      next = skipNumber(this.#bytes, next);
    }
    this.#copied = end;
  }

  /** Goes back: what comes next is copied from `at`, once more, together with its hints. */
  goBackTo(at: number): void {
    this.#copied = at;
    if (this.#old === undefined) return;
    while (this.#nextOld > 0 && this.#start + (this.#old.offsets[this.#nextOld - 1] as number) >= at)
      this.#nextOld--;
  }
}
