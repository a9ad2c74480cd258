import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from "node:fs";

import { ERRNO, fail } from "../errno.ts";
import { filestatOf } from "../filestat.ts";
import { ALWAYS } from "./open-flags.ts";
import type { DirectoryReader, HostEntry, Kernel, NewTime } from "./kernel.ts";

// The link that /proc keeps for a descriptor leads to the very directory that is open, wherever it was moved, and
// what follows is one component: there is nothing left for anybody to swap.
const at = (directory: number, name: string): string => `/proc/self/fd/${directory}/${name}`;

function seconds(time: NewTime, current: bigint): number {
  if (time === "now") return Date.now() / 1000;
  return Number(time === "omit" ? current : time) / 1e9;
}

class SnapshotReader implements DirectoryReader {
  readonly #fd: number;
  #names: readonly Buffer[] = [];

  constructor(fd: number) {
    this.#fd = fd;
  }

  read(cookie: bigint): readonly HostEntry[] {
    if (cookie === 0n) {
      const names = readdirSync(`/proc/self/fd/${this.#fd}`, { encoding: "buffer" });
      this.#names = [Buffer.from("."), Buffer.from(".."), ...names];
    }
    const from = cookie > BigInt(this.#names.length) ? this.#names.length : Number(cookie);
    const entries: HostEntry[] = [];
    for (const [index, name] of this.#names.slice(from, from + 64).entries()) {
      const stats = lstatSync(Buffer.concat([Buffer.from(at(this.#fd, "")), name]), {
        bigint: true,
        throwIfNoEntry: false,
      });
      if (stats === undefined) continue;
      const { ino, filetype } = filestatOf(stats);
      entries.push({ name, ino, filetype, next: BigInt(from + index + 1) });
    }
    return entries;
  }
}

/**
 * The kernel through node:fs alone, over /proc/self/fd. What node:fs cannot do is done nearly: times are exact to
 * about a microsecond, advice is ignored, allocating only extends.
 */
export const portableKernel: Kernel = {
  openAt: (directory, name, flags, mode) => openSync(at(directory, name), flags | constants.O_NOFOLLOW, mode),
  makeDirectoryAt: (directory, name) => mkdirSync(at(directory, name), 0o777),
  unlinkAt: (directory, name) => unlinkSync(at(directory, name)),
  removeDirectoryAt: (directory, name) => rmdirSync(at(directory, name)),
  renameAt: (directory, name, toDirectory, toName) =>
    renameSync(at(directory, name), at(toDirectory, toName)),
  linkAt: (directory, name, toDirectory, toName) => linkSync(at(directory, name), at(toDirectory, toName)),
  symlinkAt: (target, directory, name) => symlinkSync(target, at(directory, name)),
  readlinkAt: (directory, name) => readlinkSync(at(directory, name)),
  statAt: (directory, name) => filestatOf(lstatSync(at(directory, name), { bigint: true })),
  stat: (fd) => filestatOf(fstatSync(fd, { bigint: true })),
  setTimesAt(directory, name, atime, mtime) {
    const path = at(directory, name);
    const now = lstatSync(path, { bigint: true });
    lutimesSync(path, seconds(atime, now.atimeNs), seconds(mtime, now.mtimeNs));
  },
  setTimes(fd, atime, mtime) {
    const now = fstatSync(fd, { bigint: true });
    utimesSync(`/proc/self/fd/${fd}`, seconds(atime, now.atimeNs), seconds(mtime, now.mtimeNs));
  },
  allocate(fd, offset, length) {
    const end = offset + length;
    if (length === 0n || end > BigInt(Number.MAX_SAFE_INTEGER)) fail(ERRNO.INVAL);
    if (fstatSync(fd, { bigint: true }).size < end) ftruncateSync(fd, Number(end));
  },
  advise() {},
  setStatusFlags(fd, flags) {
    const changed = openSync(`/proc/self/fd/${fd}`, flags | ALWAYS);
    closeSync(fd);
    return changed;
  },
  directoryReader: (fd) => new SnapshotReader(fd),
};
