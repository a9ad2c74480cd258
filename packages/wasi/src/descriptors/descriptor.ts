import { ERRNO, fail } from "../errno.ts";
import type { Filestat } from "../filestat.ts";
import { virtualFilestat, virtualInode } from "../filestat.ts";
import type { GuestMemory } from "../guest-memory.ts";
import type { NewTime } from "../kernel/kernel.ts";

/** `read` and `write` answer this when they would have to wait. */
export const WOULD_BLOCK = -1;

/** That a descriptor can be read or written now. */
export interface Readiness {
  /** Bytes, as far as known; at least 1 where there are any. */
  readonly bytes: number;
  /** The other side is gone. */
  readonly hangup: boolean;
}

/** Which way a guest waits for a descriptor. */
export type Direction = "read" | "write";

/** WASI `fdflags`. */
export const FDFLAGS = { APPEND: 1, DSYNC: 2, NONBLOCK: 4, RSYNC: 8, SYNC: 16 } as const;

/**
 * What a guest's descriptor number stands for. A kind of descriptor overrides what it can do; everything else answers
 * the errno that POSIX has for it. Buffers are views of the guest's memory, valid for the call only.
 */
export abstract class Descriptor {
  abstract readonly filetype: number;
  rights: number;
  inheriting: number;
  flags = 0;
  /** The name that `fd_prestat_dir_name` tells; preopened directories have one. */
  preopenName: string | undefined;

  constructor(rights: number, inheriting = 0) {
    this.rights = rights;
    this.inheriting = inheriting;
  }

  /** Fills `buffers` with what is there. 0: end of file. */
  read(_buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    return fail(ERRNO.BADF);
  }

  /** Takes as much of `buffers` as it can; a promise where only that tells when it is delivered. */
  write(_buffers: readonly Uint8Array<ArrayBuffer>[]): number | Promise<number> {
    return fail(ERRNO.BADF);
  }

  /** As {@link write}, at most `max` bytes from the `count` buffers whose iovecs are at `pointer`. */
  writeFrom(memory: GuestMemory, pointer: number, count: number, max: number): number | Promise<number> {
    return this.write(memory.buffers(pointer, count, max));
  }

  readAt(_buffers: readonly Uint8Array<ArrayBuffer>[], _offset: bigint): number {
    return fail(ERRNO.SPIPE);
  }

  writeAt(_buffers: readonly Uint8Array<ArrayBuffer>[], _offset: bigint): number {
    return fail(ERRNO.SPIPE);
  }

  /** Whether it can be read or written without waiting. */
  ready(_direction: Direction): Readiness | undefined {
    return { bytes: 1, hangup: false };
  }

  /** Calls `wake` once, when {@link ready} may have changed; the result cancels it. */
  onReady(_direction: Direction, wake: () => void): () => void {
    const immediate = setImmediate(wake);
    return () => clearImmediate(immediate);
  }

  /** Milliseconds that a call may wait for it before it answers `AGAIN`; undefined: as long as it takes. */
  waitLimit(_direction: Direction): number | undefined {
    return undefined;
  }

  /** Moves to `position(here, end)` and answers it. */
  seek(_position: (here: bigint, end: () => bigint) => bigint): bigint {
    return fail(ERRNO.SPIPE);
  }

  stat(): Filestat {
    return virtualFilestat(this.filetype, virtualInode(this));
  }

  /** Goes some way to the size; false if it has to be called again. */
  setSize(_size: bigint): boolean {
    return fail(ERRNO.INVAL);
  }

  setTimes(_atime: NewTime, _mtime: NewTime): void {
    fail(ERRNO.BADF);
  }

  /** Allocates a part from `offset` on, and answers how long it is. */
  allocate(_offset: bigint, _length: bigint): bigint {
    return fail(ERRNO.SPIPE);
  }

  advise(_offset: bigint, _length: bigint, _advice: number): void {
    fail(ERRNO.SPIPE);
  }

  /** Waits until what was written is on the disk. */
  sync(_dataOnly: boolean): Promise<void> {
    return fail(ERRNO.INVAL);
  }

  setFlags(flags: number): void {
    this.flags = flags;
  }

  /** Gives up what it holds. Called once; no other call comes after it. */
  close(): void {}
}
