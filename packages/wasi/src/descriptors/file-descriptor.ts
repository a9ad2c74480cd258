import {
  closeSync,
  constants,
  fdatasync as fdatasyncWithCallback,
  fstatSync,
  fsync as fsyncWithCallback,
  ftruncateSync,
  readvSync,
  statfsSync,
  writevSync,
} from "node:fs";
import { promisify } from "node:util";

import { ERRNO, errnoOf, fail } from "../errno.ts";
import { FILETYPE } from "../filestat.ts";
import type { Filestat } from "../filestat.ts";
import { closeApart, isLarge } from "../kernel/close-apart.ts";
import type { Kernel, NewTime } from "../kernel/kernel.ts";
import { Descriptor, FDFLAGS, WOULD_BLOCK } from "./descriptor.ts";
import type { Direction, Readiness } from "./descriptor.ts";

const fsync = promisify(fsyncWithCallback);
const fdatasync = promisify(fdatasyncWithCallback);
const MAX_OFFSET = 2n ** 63n - 1n;
// What is allocated or given back in one call: some milliseconds where the disk is memory.
const PIECE = 8_388_608n;
// Unit of `st_blocks`.
const BLOCK = 512;
// How often a FIFO or device of the host that has nothing yet is asked again, in milliseconds.
const RETRY = 10;

/** What a {@link FileDescriptor} is made of. */
interface OpenFile {
  readonly fd: number;
  readonly filetype: number;
  /** Those that the host's descriptor was opened with. */
  readonly flags: number;
  readonly rights: number;
  /** Nothing about the file may be changed. */
  readonly readOnly: boolean;
}

/** An open file of the host; it owns the host's descriptor. */
export class FileDescriptor extends Descriptor {
  readonly filetype: number;
  readonly #kernel: Kernel;
  #fd: number;
  readonly #access: number;
  readonly #readOnly: boolean;
  // FIFOs and character devices have no position.
  readonly #seekable: boolean;
  #offset = 0n;

  constructor(kernel: Kernel, { fd, filetype, flags, rights, readOnly }: OpenFile) {
    super(rights);
    this.#readOnly = readOnly;
    this.filetype = filetype;
    this.#kernel = kernel;
    this.#fd = fd;
    this.#access = flags & (constants.O_WRONLY | constants.O_RDWR | constants.O_SYNC);
    this.#seekable = filetype === FILETYPE.REGULAR_FILE || filetype === FILETYPE.BLOCK_DEVICE;
  }

  override read(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    if (buffers.length === 0) return 0;
    if (!this.#seekable) return this.#orWouldBlock(() => readvSync(this.#fd, buffers));
    const length = this.readAt(buffers, this.#offset);
    this.#offset += BigInt(length);
    return length;
  }

  override write(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    if (buffers.length === 0) return 0;
    if (!this.#seekable) return this.#orWouldBlock(() => writevSync(this.#fd, buffers));
    const appends = (this.flags & FDFLAGS.APPEND) !== 0;
    const length = this.writeAt(buffers, this.#offset);
    this.#offset = appends ? this.#size() : this.#offset + BigInt(length);
    return length;
  }

  override readAt(buffers: readonly Uint8Array<ArrayBuffer>[], offset: bigint): number {
    if (!this.#seekable) fail(ERRNO.SPIPE);
    return buffers.length === 0 ? 0 : readvSync(this.#fd, buffers, position(offset));
  }

  override writeAt(buffers: readonly Uint8Array<ArrayBuffer>[], offset: bigint): number {
    if (!this.#seekable) fail(ERRNO.SPIPE);
    return buffers.length === 0 ? 0 : writevSync(this.#fd, buffers, position(offset));
  }

  override ready(direction: Direction): Readiness {
    const left = this.#seekable && direction === "read" ? this.#size() - this.#offset : 1n;
    return { bytes: left > 0n ? Number(left) : 0, hangup: false };
  }

  override onReady(_direction: Direction, wake: () => void): () => void {
    const timer = setTimeout(wake, RETRY);
    return () => clearTimeout(timer);
  }

  override seek(target: (here: bigint, end: () => bigint) => bigint): bigint {
    if (!this.#seekable) fail(ERRNO.SPIPE);
    const offset = target(this.#offset, () => this.#size());
    if (offset < 0n || offset > MAX_OFFSET) fail(ERRNO.INVAL);
    this.#offset = offset;
    return offset;
  }

  override stat(): Filestat {
    return this.#kernel.stat(this.#fd);
  }

  override setSize(size: bigint): boolean {
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) fail(size > MAX_OFFSET ? ERRNO.INVAL : ERRNO.FBIG);
    const { size: current, blocks } = fstatSync(this.#fd);
    const next = blocks * BLOCK <= Number(PIECE) ? 0 : current - Number(PIECE);
    ftruncateSync(this.#fd, Math.max(next, Number(size)));
    return next <= Number(size);
  }

  override setTimes(atime: NewTime, mtime: NewTime): void {
    // An open file could be touched even where it cannot be written.
    if (this.#readOnly) fail(ERRNO.ROFS);
    this.#kernel.setTimes(this.#fd, atime, mtime);
  }

  override allocate(offset: bigint, length: bigint): bigint {
    if (offset > MAX_OFFSET || length > MAX_OFFSET) fail(ERRNO.INVAL);
    const part = length > PIECE ? PIECE : length;
    if (part < length) this.#requireSpace(offset + length, length);
    this.#kernel.allocate(this.#fd, offset, part);
    return part;
  }

  override advise(offset: bigint, length: bigint, advice: number): void {
    if (offset > MAX_OFFSET || length > MAX_OFFSET) fail(ERRNO.INVAL);
    this.#kernel.advise(this.#fd, offset, length, advice);
  }

  // A disk takes its time; on a thread of the pool it is nobody else's.
  override sync(dataOnly: boolean): Promise<void> {
    return dataOnly ? fdatasync(this.#fd) : fsync(this.#fd);
  }

  override setFlags(flags: number): void {
    const append = (flags & FDFLAGS.APPEND) === 0 ? 0 : constants.O_APPEND;
    // The host's descriptor never waits, whatever the guest's flag says; the guest's waiting is its suspension.
    this.#fd = this.#kernel.setStatusFlags(this.#fd, this.#access | append | constants.O_NONBLOCK);
    this.flags = flags;
  }

  override close(): void {
    // With the last descriptor of a file without a name its space is given back.
    if (this.#seekable && fstatSync(this.#fd).nlink === 0 && isLarge(this.stat())) closeApart(this.#fd);
    else closeSync(this.#fd);
  }

  // Otherwise what cannot be would only be known when the disk is full.
  #requireSpace(end: bigint, length: bigint): void {
    if (end > BigInt(Number.MAX_SAFE_INTEGER)) fail(ERRNO.FBIG);
    const { bavail, bsize } = statfsSync(`/proc/self/fd/${this.#fd}`, { bigint: true });
    const held = fstatSync(this.#fd, { bigint: true }).blocks * BigInt(BLOCK);
    if (length > bavail * bsize + held) fail(ERRNO.NOSPC);
  }

  #size(): bigint {
    return fstatSync(this.#fd, { bigint: true }).size;
  }

  #orWouldBlock(transfer: () => number): number {
    try {
      return transfer();
    } catch (error) {
      if (errnoOf(error) === ERRNO.AGAIN) return WOULD_BLOCK;
      throw error;
    }
  }
}

// node:fs takes positions as numbers here; what is larger no file system has.
function position(offset: bigint): number {
  if (offset > MAX_OFFSET) fail(ERRNO.INVAL);
  return offset > BigInt(Number.MAX_SAFE_INTEGER) ? fail(ERRNO.FBIG) : Number(offset);
}
