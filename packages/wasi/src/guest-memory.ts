import type { WasmMemory } from "./engine-types.ts";
import { ERRNO, fail } from "./errno.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
// As Linux: more buffers than IOV_MAX in one call is an error.
const MAX_BUFFERS = 1024;
const MAX_PATH = 4096;
/** Bytes that are copied one by one at most. */
const FEW = 128;
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
    let buffers: Uint8Array<ArrayBuffer>[] | undefined;
    let left = max;
    for (let i = 0; i < count; i++) {
      const at = (pointer >>> 0) + i * 8;
      const start = view.getUint32(at, true);
      const length = view.getUint32(at + 4, true);
      this.require(start, length);
      if (length === 0 || left === 0) continue;
      const buffer = this.slice(start, Math.min(length, left));
      left -= buffer.length;
      // Most calls have one; a list that grows has room for seventeen.
      if (buffers === undefined) buffers = [buffer];
      else buffers.push(buffer);
    }
    return buffers ?? [];
  }

  /** A copy of what is in the buffers of an iovec array, at most `max` bytes of it. */
  copied(pointer: number, count: number, max: number): Uint8Array<ArrayBuffer> {
    const length = Math.min(max, this.#lengthOf(pointer, count));
    const view = this.view;
    let copy: Uint8Array<ArrayBuffer> | undefined;
    let at = pointer >>> 0;
    for (let done = 0; done < length; at += 8) {
      const start = view.getUint32(at, true);
      const part = Math.min(view.getUint32(at + 4, true), length - done);
      // All of it is in one buffer, as a rule.
      if (part === length) return this.#bytes.slice(start, start + part);
      copy ??= new Uint8Array(length);
      this.#copy(start, part, copy, done);
      done += part;
    }
    return copy ?? NO_BYTES;
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

  /** Bytes in the buffers of an iovec array, each of which has to be in the memory. */
  #lengthOf(pointer: number, count: number): number {
    if (count >>> 0 > MAX_BUFFERS) fail(ERRNO.INVAL);
    const view = this.view;
    let length = 0;
    for (let i = 0; i < count; i++) {
      const at = (pointer >>> 0) + i * 8;
      const part = view.getUint32(at + 4, true);
      this.require(view.getUint32(at, true), part);
      length += part;
    }
    return length;
  }

  #copy(start: number, length: number, to: Uint8Array, at: number): void {
    if (length > FEW) to.set(this.#bytes.subarray(start, start + length), at);
    // A view to copy by would be more than what it copies.
    else for (let i = 0; i < length; i++) to[at + i] = this.#bytes[start + i] ?? 0;
  }

  #refresh(): void {
    const buffer = this.#memory?.buffer;
    if (buffer !== undefined && buffer !== this.#bytes.buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#view = new DataView(buffer);
    }
  }
}
