import type { WasmMemory } from "./engine-types.ts";
import { ERRNO, fail } from "./errno.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
// As Linux: more buffers than IOV_MAX in one call is an error.
const MAX_BUFFERS = 1024;
const MAX_PATH = 4096;
// What every guest has before its memory is looked at.
const NO_BYTES = new Uint8Array();
const NO_VIEW = new DataView(NO_BYTES.buffer);

/** A guest's linear memory: whatever pointer and length the guest gives, the answer is a view or `FAULT`. */
export class GuestMemory {
  #memory: WasmMemory | undefined;
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  #view: DataView<ArrayBuffer> = NO_VIEW;

  attach(memory: WasmMemory): void {
    this.#memory = memory;
  }

  /** The memory object itself, for extensions that make views of their own. */
  get attached(): WasmMemory {
    return this.#memory ?? fail(ERRNO.FAULT);
  }

  /** The whole memory. Valid until the guest runs again. */
  get bytes(): Uint8Array<ArrayBuffer> {
    this.#refresh();
    return this.#bytes;
  }

  /** The whole memory as numbers; reading or writing past its end throws a RangeError, which becomes `FAULT`. */
  get view(): DataView {
    this.#refresh();
    return this.#view;
  }

  /** `length` bytes at `pointer`. Valid until the guest runs again. */
  slice(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    const start = pointer >>> 0;
    const end = start + (length >>> 0);
    if (end > this.bytes.length) fail(ERRNO.FAULT);
    return this.#bytes.subarray(start, end);
  }

  /** Ends the import with `FAULT` unless there are `length` bytes at `pointer`. */
  require(pointer: number, length: number): void {
    if ((pointer >>> 0) + (length >>> 0) > this.bytes.length) fail(ERRNO.FAULT);
  }

  /** The buffers of an iovec array, empty ones left out, at most `max` bytes in all. */
  buffers(pointer: number, count: number, max: number): Uint8Array<ArrayBuffer>[] {
    if (count >>> 0 > MAX_BUFFERS) fail(ERRNO.INVAL);
    const view = this.view;
    const buffers: Uint8Array<ArrayBuffer>[] = [];
    let left = max;
    for (let i = 0; i < count; i++) {
      const at = (pointer >>> 0) + i * 8;
      const buffer = this.slice(view.getUint32(at, true), view.getUint32(at + 4, true));
      if (buffer.length === 0 || left === 0) continue;
      buffers.push(buffer.length > left ? buffer.subarray(0, left) : buffer);
      left -= Math.min(left, buffer.length);
    }
    return buffers;
  }

  /** A path, as the guest gave it. */
  path(pointer: number, length: number): string {
    if (length >>> 0 > MAX_PATH) fail(ERRNO.NAMETOOLONG);
    const text = this.text(pointer, length);
    if (text === "") fail(ERRNO.NOENT);
    if (text.includes("\0")) fail(ERRNO.INVAL);
    return text;
  }

  /** Text, which has to be UTF-8. */
  text(pointer: number, length: number): string {
    const bytes = this.slice(pointer, length);
    try {
      return decoder.decode(bytes);
    } catch {
      return fail(ERRNO.ILSEQ);
    }
  }

  setU32(pointer: number, value: number): void {
    this.view.setUint32(pointer >>> 0, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.view.setBigUint64(pointer >>> 0, value, true);
  }

  /** Writes strings, each with a NUL, from `buffer` on, and their addresses from `pointers` on. */
  setStrings(pointers: number, buffer: number, strings: readonly string[]): void {
    let at = buffer >>> 0;
    for (const [index, text] of strings.entries()) {
      this.setU32((pointers >>> 0) + index * 4, at);
      const bytes = encoder.encode(text);
      const target = this.slice(at, bytes.length + 1);
      target.set(bytes);
      target[bytes.length] = 0;
      at += target.length;
    }
  }

  #refresh(): void {
    const buffer = this.#memory?.buffer;
    if (buffer !== undefined && buffer !== this.#bytes.buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#view = new DataView(buffer);
    }
  }
}
