/** Longest text of one line in a CRI log file; longer lines are cut into `P` (partial) pieces, as containerd does. */
export const CRI_LOG_LINE_BYTES: number = 16 * 1024;

const NEWLINE = 0x0a;

/** The time as CRI log lines carry it: RFC 3339 with nine digits after the second. */
function criTimestampOf(time: Date): string {
  return `${time.toISOString().slice(0, -1)}000000Z`;
}

/** What {@link splitLogLines} made of a chunk: complete lines (or cut pieces of them) and the bytes left over. */
export interface SplitLines {
  readonly lines: readonly { readonly text: Uint8Array; readonly partial: boolean }[];
  /** Bytes after the last newline, fewer than {@link CRI_LOG_LINE_BYTES}. */
  readonly rest: Uint8Array;
}

/** Cuts `rest` (what an earlier chunk left over) followed by `chunk` at its newlines. */
export function splitLogLines(rest: Uint8Array, chunk: Uint8Array): SplitLines {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  const lines: { text: Uint8Array; partial: boolean }[] = [];
  let from = 0;
  while (from < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline === -1 ? bytes.length : newline;
    if (end - from > CRI_LOG_LINE_BYTES) {
      lines.push({ text: bytes.subarray(from, from + CRI_LOG_LINE_BYTES), partial: true });
      from += CRI_LOG_LINE_BYTES;
    } else if (newline === -1) {
      break;
    } else {
      lines.push({ text: bytes.subarray(from, newline), partial: false });
      from = newline + 1;
    }
  }
  // Copied, because the runtime may use the chunk's memory again.
  return { lines, rest: Uint8Array.from(bytes.subarray(from)) };
}

/** One line of a CRI log file: `<time> stdout|stderr F|P <text>\n`. */
export function criLogLineOf(
  time: Date,
  stream: "stdout" | "stderr",
  line: { readonly text: Uint8Array; readonly partial: boolean },
): Buffer {
  const head = Buffer.from(`${criTimestampOf(time)} ${stream} ${line.partial ? "P" : "F"} `);
  return Buffer.concat([head, line.text, Buffer.of(NEWLINE)]);
}
