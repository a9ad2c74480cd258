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
      lines.push(bytes.subarray(from));
      from = bytes.length;
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
