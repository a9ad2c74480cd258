import type { Filestat } from "../filestat.ts";

/** A time to set: nanoseconds since 1970, or now, or as it is. */
export type NewTime = bigint | "now" | "omit";

/** One entry of a host directory. */
export interface HostEntry {
  readonly name: Uint8Array;
  readonly ino: bigint;
  readonly filetype: number;
  /** Where reading goes on after this entry. */
  readonly next: bigint;
}

/** Reads a directory piece by piece. */
export interface DirectoryReader {
  /** Some entries after `cookie` (0: from the start); none at the end. */
  read(cookie: bigint): readonly HostEntry[];
}

/**
 * The file system calls that guests' paths end in. A name is one component, without slashes, never followed where it
 * is a symbolic link; directories are descriptors. Failures are thrown as a `GuestError` or an error of node:fs.
 */
export interface Kernel {
  /** Opens `path` under `directory`; the kernel refuses whatever would leave it. Absent where openat2 is. */
  readonly openBeneath?: (directory: number, path: string, flags: number, mode: number) => number;
  openAt(directory: number, name: string, flags: number, mode: number): number;
  makeDirectoryAt(directory: number, name: string): void;
  unlinkAt(directory: number, name: string): void;
  removeDirectoryAt(directory: number, name: string): void;
  renameAt(directory: number, name: string, toDirectory: number, toName: string): void;
  linkAt(directory: number, name: string, toDirectory: number, toName: string): void;
  symlinkAt(target: string, directory: number, name: string): void;
  readlinkAt(directory: number, name: string): string;
  statAt(directory: number, name: string): Filestat;
  stat(fd: number): Filestat;
  setTimesAt(directory: number, name: string, atime: NewTime, mtime: NewTime): void;
  /** `fd` may be one of O_PATH. */
  setTimes(fd: number, atime: NewTime, mtime: NewTime): void;
  allocate(fd: number, offset: bigint, length: bigint): void;
  advise(fd: number, offset: bigint, length: bigint, advice: number): void;
  /** Sets O_APPEND and O_NONBLOCK; the access mode in `flags` is the one it has. Answers the descriptor to use now. */
  setStatusFlags(fd: number, flags: number): number;
  directoryReader(fd: number): DirectoryReader;
}
