const encoder = new TextEncoder();

/** Bytes that grow as they are written, in the primitives of the WebAssembly binary format. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** A view of what was written so far; valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.view());
    this.#bytes = larger;
  }

  u8(byte: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
    return this;
  }

  u32(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.u8(rest);
  }

  /** A signed number of 32 bits. */
  s32(value: number): this {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
      this.u8(isLast ? low : low | 0x80);
      if (isLast) return this;
    }
  }

  name(text: string): this {
    const raw = encoder.encode(text);
    return this.u32(raw.length).append(raw);
  }

  append(raw: ArrayLike<number>): this {
    this.#reserve(raw.length);
    this.#bytes.set(raw, this.#length);
    this.#length += raw.length;
    return this;
  }

  /** Copies `source[from, to)`. */
  copy(source: Uint8Array, from: number, to: number): this {
    const size = to - from;
    this.#reserve(size);
    if (size > 48) {
      this.#bytes.set(source.subarray(from, to), this.#length);
    } else {
      const bytes = this.#bytes;
      let at = this.#length;
      for (let index = from; index < to; index++) bytes[at++] = source[index] as number;
    }
    this.#length += size;
    return this;
  }

  /** Leaves five bytes for a size that is known later; gives their place, for {@link closeSize}. */
  openSize(): number {
    this.append([0, 0, 0, 0, 0]);
    return this.#length;
  }

  /** Fills in, as a padded LEB128, how many bytes were written since {@link openSize}. */
  closeSize(place: number): void {
    let rest = this.#length - place;
    for (let index = place - 5; index < place; index++) {
      this.#bytes[index] = (rest & 0x7f) | (index === place - 1 ? 0 : 0x80);
      rest >>>= 7;
    }
  }

  /** A section: its id, size and contents. */
  section(id: number, contents: Uint8Array): this {
    return this.u8(id).u32(contents.length).append(contents);
  }
}
