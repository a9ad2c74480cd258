/** A line of a CRI log file, read back. */
export interface CriLogEntry {
  /** RFC 3339, as the line has it. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** Whether the text goes on in the next entry of its stream, with no newline in between. */
  readonly partial: boolean;
  /** A view of the line's bytes; a character may be cut in two where the entry is partial. */
  readonly text: Buffer;
}

const SPACE = 0x20;
const FULL = 0x46;
const PARTIAL = 0x50;
const COLON = 0x3a;

/** Longest head that is looked at: a time, a stream and tags. */
const HEAD_BYTES = 256;

/** Reads one line of a CRI log file (without its newline); undefined if it is none. Copies nothing. */
export function parseCriLogLine(line: Uint8Array): CriLogEntry | undefined {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const head = bytes.subarray(0, HEAD_BYTES);
  const afterTime = head.indexOf(SPACE);
  const afterStream = head.indexOf(SPACE, afterTime + 1);
  const afterTag = head.indexOf(SPACE, afterStream + 1);
  if (afterTime < 1 || afterStream === -1 || afterTag === -1) return undefined;
  const stream = head.toString("latin1", afterTime + 1, afterStream);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const tag = head[afterStream + 1];
  const isTag = (tag === FULL || tag === PARTIAL) && isTagEnd(head, afterStream + 2, afterTag);
  if (!isTag) return undefined;
  return {
    time: head.toString("latin1", 0, afterTime),
    stream,
    partial: tag === PARTIAL,
    text: bytes.subarray(afterTag + 1),
  };
}

/** The first tag is one letter; others may follow behind colons. */
function isTagEnd(head: Buffer, from: number, end: number): boolean {
  return from === end || head[from] === COLON;
}
