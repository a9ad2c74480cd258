const NEWLINE = 0x0a;

/** The longest line that is taken: an object is at most some 3 MB in etcd. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Splits bytes as they come into lines of text. What follows the last newline is no line yet: where a connection is
 * cut within one, it is forgotten.
 *
 * @returns a function that takes the next bytes and gives the lines that they complete. It throws a RangeError for
 * a line that is too long.
 */
export function createLineSplitter(
  maxBytes: number = MAX_LINE_BYTES,
): (chunk: Uint8Array) => readonly string[] {
  let pieces: Buffer[] = [];
  let length = 0;
  return (chunk) => {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      if (pieces.length === 0) lines.push(bytes.toString("utf8", start, end));
      else {
        pieces.push(bytes.subarray(start, end));
        lines.push(Buffer.concat(pieces).toString("utf8"));
        pieces = [];
        length = 0;
      }
      start = end + 1;
    }
    if (start < bytes.length) {
      pieces.push(bytes.subarray(start));
      length += bytes.length - start;
      if (length > maxBytes) throw new RangeError(`a line is longer than ${maxBytes} bytes`);
    }
    return lines;
  };
}
