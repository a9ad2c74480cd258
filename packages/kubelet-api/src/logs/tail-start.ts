import { parseCriLogLine } from "@krustlet/cri-log";

import type { LogFile } from "./log-file.ts";
import { LONGEST_LINE_BYTES } from "./log-lines.ts";

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;
/** What of a line tells whether it is an entry, and which. */
const HEAD_BYTES = 512;

/** A place in a log. */
export interface LogPlace {
  /** Index of the file. */
  readonly file: number;
  /** Byte in it. */
  readonly offset: number;
}

/**
 * Where the last `lines` lines of a log begin, as a reader counts them: partial entries belong to the line that they are
 * pieces of. Reads backwards from the end, and no further than it has to.
 */
export async function tailStartOf(files: readonly LogFile[], lines: number): Promise<LogPlace> {
  const last = files.length - 1;
  if (lines === 0) return { file: Math.max(0, last), offset: files.at(-1)?.size ?? 0 };
  let toPass = lines;
  let isLastEntry = true;
  for (let index = last; index >= 0; index -= 1) {
    const file = files[index];
    if (file === undefined) continue;
    for await (const { head, end } of linesBackwards(file)) {
      const entry = head === undefined ? undefined : parseCriLogLine(head);
      if (entry === undefined) continue;
      // An entry that is full ends a line; what follows the last one of them is a line that has not ended.
      if (!entry.partial && !isLastEntry) toPass -= 1;
      isLastEntry = false;
      if (toPass === 0) return { file: index, offset: end };
    }
  }
  return { file: 0, offset: 0 };
}

interface Line {
  /** The line's first bytes; undefined for one too long to be an entry. */
  readonly head: Buffer | undefined;
  /** Where the next line begins. */
  readonly end: number;
}

/** The lines of a file, the last one first. Holds one block and the head of one line. */
async function* linesBackwards(file: LogFile): AsyncGenerator<Line> {
  const block = Buffer.alloc(Math.min(BLOCK_BYTES, file.size));
  let head: Buffer = Buffer.alloc(0);
  let length = 0;
  let end = file.size;
  const lineWith = (piece: Buffer): Line => {
    const isTooLong = length + piece.length > LONGEST_LINE_BYTES;
    return { head: isTooLong ? undefined : headOf(piece, head), end };
  };
  for (let from = file.size; from > 0;) {
    const size = Math.min(BLOCK_BYTES, from);
    from -= size;
    const bytes = block.subarray(0, await file.read(block.subarray(0, size), from));
    let until = bytes.length;
    for (;;) {
      const newline = bytes.subarray(0, until).lastIndexOf(NEWLINE);
      if (newline === -1) break;
      yield lineWith(bytes.subarray(newline + 1, until));
      head = Buffer.alloc(0);
      length = 0;
      end = from + newline + 1;
      until = newline;
    }
    length += until;
    head = headOf(bytes.subarray(0, until), head);
  }
  yield lineWith(Buffer.alloc(0));
}

function headOf(piece: Buffer, rest: Buffer): Buffer {
  return Buffer.concat([piece.subarray(0, HEAD_BYTES), rest]).subarray(0, HEAD_BYTES);
}
