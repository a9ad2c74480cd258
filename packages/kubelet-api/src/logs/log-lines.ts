import { parseCriLogLine } from "@krustlet/cri-log";
import type { CriLogEntry } from "@krustlet/cri-log";

const NEWLINE = 0x0a;

/** Longer lines are none of a log's: the longest that is written has 16 KiB of text and a head. */
export const LONGEST_LINE_BYTES: number = 64 * 1024;

/** Makes entries of a log file's bytes, which may come in any pieces. What is no entry is skipped. */
export interface LogLines {
  /** The entries that `chunk` completes; they may look into the chunk. */
  add(chunk: Buffer): readonly CriLogEntry[];
  /**
   * The entry of a file's last line whose newline never came, if it is one; from here on a new file begins. At the end of
   * the whole log (`isCut`) it may be a line that is just being written, and has no end.
   */
  end(isCut: boolean): CriLogEntry | undefined;
}

/** Holds no more than one line. */
export function createLogLines(): LogLines {
  let rest: Buffer[] = [];
  let held = 0;

  const keep = (piece: Buffer): void => {
    held += piece.length;
    if (held > LONGEST_LINE_BYTES) rest = [];
    // Copied, because the chunk's memory is used again.
    else if (piece.length > 0) rest.push(Buffer.from(piece));
  };
  const take = (piece: Buffer): CriLogEntry | undefined => {
    const length = held + piece.length;
    const line = rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
    rest = [];
    held = 0;
    return length > LONGEST_LINE_BYTES ? undefined : parseCriLogLine(line);
  };

  return {
    add: (chunk) => {
      const entries: CriLogEntry[] = [];
      let from = 0;
      for (;;) {
        const newline = chunk.indexOf(NEWLINE, from);
        if (newline === -1) break;
        const entry = take(chunk.subarray(from, newline));
        if (entry !== undefined) entries.push(entry);
        from = newline + 1;
      }
      keep(chunk.subarray(from));
      return entries;
    },
    end: (isCut) => {
      const entry = take(Buffer.alloc(0));
      return entry === undefined || !isCut ? entry : { ...entry, partial: true };
    },
  };
}
