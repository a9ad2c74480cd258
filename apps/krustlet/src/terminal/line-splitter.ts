const NEWLINE = 0x0a;
/** A line without an end is passed on in pieces, so that a guest cannot make the host keep it all. */
const LONGEST_LINE = 64 * 1024;

/** Makes whole lines (with their newlines) of the chunks of one stream. */
export class LineSplitter {
  #rest: Uint8Array = new Uint8Array(0);

  /** The lines that `chunk` completes. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
      lines.push(bytes.subarray(from, at + 1));
      from = at + 1;
    }
    if (bytes.length - from > LONGEST_LINE) {
      const end = wholeLetters(bytes);
      lines.push(bytes.subarray(from, end));
      from = end;
    }
    this.#rest = Uint8Array.from(bytes.subarray(from));
    return lines;
  }

  /** What stands after the last newline; empty if nothing does. */
  end(): Uint8Array {
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    return rest;
  }
}

/** Where the last letter of UTF-8 ends that is there as a whole; the end, where the bytes are no UTF-8. */
function wholeLetters(bytes: Uint8Array): number {
  for (let back = 1; back <= 3; back += 1) {
    const byte = bytes.at(-back) ?? 0;
    if (byte >= 0xc0)
      return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? bytes.length - back : bytes.length;
    if (byte < 0x80) break;
  }
  return bytes.length;
}
