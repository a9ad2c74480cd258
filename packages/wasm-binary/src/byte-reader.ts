import { KrustletError } from "@krustlet/interface";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the primitives of the WebAssembly binary format (core specification, §5.2) from a part of some bytes.
 * Every method throws KrustletError `InvalidModule` with the offset when the bytes are not what they should be;
 * nothing is allocated by a count that the bytes claim.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Where the next read begins, from the start of `bytes`. */
  offset: number;
  /** Where reading must stop. */
  readonly end: number;

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  /** An error about the byte at `at`. */
  fail(problem: string, at: number = this.offset): KrustletError {
    return new KrustletError("InvalidModule", `The WebAssembly binary is invalid at byte ${at}: ${problem}.`);
  }

  u8(): number {
    if (this.offset >= this.end) throw this.fail("it ends too early");
    return this.bytes[this.offset++] as number;
  }

  /** The next byte, which stays unread. */
  peek(): number {
    if (this.offset >= this.end) throw this.fail("it ends too early");
    return this.bytes[this.offset] as number;
  }

  u32(): number {
    const start = this.offset;
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      if (shift === 28 && byte > 0x0f) throw this.fail("a 32-bit number is too large", start);
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return result;
    }
    throw this.fail("a 32-bit number is too long", start);
  }

  /** An unsigned 64-bit number; those from 2^53 up are rounded. */
  u64(): number {
    const start = this.offset;
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.u8();
      if (shift === 63 && byte > 1) throw this.fail("a 64-bit number is too large", start);
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return result;
    }
    throw this.fail("a 64-bit number is too long", start);
  }

  /** A signed number of at most 33 bits (type indices and block types are such). */
  s33(): number {
    const start = this.offset;
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return (byte & 0x40) === 0 ? result : result - 2 ** (shift + 7);
    }
    throw this.fail("a 33-bit number is too long", start);
  }

  /** Skips a LEB128 number of at most `longest` bytes. */
  skipLeb(longest: number): void {
    const start = this.offset;
    for (let count = 0; count < longest; count++) if (this.u8() < 0x80) return;
    throw this.fail("a number is too long", start);
  }

  /** The number of entries that follow; one entry takes a byte at the least, so more than are left is a lie. */
  count(what: string): number {
    const start = this.offset;
    const count = this.u32();
    if (count > this.end - this.offset) {
      throw this.fail(`it claims ${count} ${what}, but only ${this.end - this.offset} bytes follow`, start);
    }
    return count;
  }

  /** A view (no copy) of the next `size` bytes. */
  take(size: number, what: string): Uint8Array {
    const start = this.offset;
    if (size > this.end - start) {
      throw this.fail(`${what} claims ${size} bytes, but only ${this.end - start} follow`, start);
    }
    this.offset = start + size;
    return this.bytes.subarray(start, this.offset);
  }

  name(): string {
    const start = this.offset;
    const raw = this.take(this.u32(), "a name");
    try {
      return decoder.decode(raw);
    } catch (error) {
      throw new KrustletError("InvalidModule", this.fail("a name is not UTF-8", start).message, {
        cause: error,
      });
    }
  }
}
