import { closeSync, constants, openSync } from "node:fs";
import { createRequire } from "node:module";

import type * as Library from "koffi";

import { errnoOfHost, ERRNO, fail } from "../errno.ts";
import { filetypeOfMode, FILETYPE } from "../filestat.ts";
import type { Filestat } from "../filestat.ts";
import type { HostEntry, Kernel, NewTime } from "./kernel.ts";
import { DIRECTORY_ON_THE_WAY } from "./open-flags.ts";

const SYS_OPENAT2 = 437;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_BENEATH = 0x08n;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const AT_FDCWD = -100;
const STATX_BASIC_STATS = 0x7ff;
const UTIME_NOW = 0x3fffffffn;
const UTIME_OMIT = 0x3ffffffen;
const F_SETFL = 4;
// openat2 answers EAGAIN while something is renamed on the way; an attacker who renames in a loop must not keep us.
const MAX_RETRIES = 64;

type Call = (...values: readonly unknown[]) => number;

interface Koffi {
  load(path: string | null): { func(prototype: string): Call };
  errno(): number;
}

function timesOf(atime: NewTime, mtime: NewTime): BigInt64Array {
  const times = new BigInt64Array(4);
  for (const [index, time] of [atime, mtime].entries()) {
    const nanoseconds =
      typeof time === "bigint" ? time % 1_000_000_000n : time === "now" ? UTIME_NOW : UTIME_OMIT;
    times[index * 2] = typeof time === "bigint" ? time / 1_000_000_000n : 0n;
    times[index * 2 + 1] = nanoseconds;
  }
  return times;
}

/** Linux's `struct statx`. */
function filestatOfStatx(view: DataView): Filestat {
  const time = (at: number): bigint =>
    view.getBigInt64(at, true) * 1_000_000_000n + BigInt(view.getUint32(at + 8, true));
  const major = BigInt(view.getUint32(136, true));
  const minor = BigInt(view.getUint32(140, true));
  return {
    // As glibc's makedev, so that it is the st_dev that stat tells.
    dev: (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n),
    ino: view.getBigUint64(32, true),
    filetype: filetypeOfMode(view.getUint16(28, true)),
    nlink: BigInt(view.getUint32(16, true)),
    size: view.getBigUint64(40, true),
    atim: time(64),
    mtim: time(112),
    ctim: time(96),
  };
}

const FILETYPE_OF_DT: Readonly<Record<number, number>> = {
  2: FILETYPE.CHARACTER_DEVICE,
  4: FILETYPE.DIRECTORY,
  6: FILETYPE.BLOCK_DEVICE,
  8: FILETYPE.REGULAR_FILE,
  10: FILETYPE.SYMBOLIC_LINK,
  12: FILETYPE.SOCKET_STREAM,
};

/** The kernel by system calls through FFI. Throws where FFI or a call it needs is not there. */
export function openNativeKernel(): Kernel {
  const koffi = createRequire(import.meta.url)("koffi") as Koffi & typeof Library;
  const libc = koffi.load(null);
  const at = (name: string, rest: string): Call => libc.func(`int ${name}(int, const char*${rest})`);
  const openat2 = libc.func("long syscall(long, int, const char*, const void*, size_t)");
  const openat = at("openat", ", int, uint");
  const mkdirat = at("mkdirat", ", uint");
  const unlinkat = at("unlinkat", ", int");
  const renameat = at("renameat", ", int, const char*");
  const linkat = at("linkat", ", int, const char*, int");
  const symlinkat = libc.func("int symlinkat(const char*, int, const char*)");
  const readlinkat = libc.func("long readlinkat(int, const char*, void*, size_t)");
  const statx = at("statx", ", int, uint, void*");
  const utimensat = at("utimensat", ", const void*, int");
  const fallocate = libc.func("int fallocate(int, int, int64_t, int64_t)");
  const fadvise = libc.func("int posix_fadvise(int, int64_t, int64_t, int)");
  const fcntl = libc.func("int fcntl(int, int, long)");
  const lseek = libc.func("int64_t lseek(int, int64_t, int)");
  const getdents = libc.func("long syscall(long, int, void*, size_t)");
  const sysGetdents = process.arch === "x64" ? 217 : 61;

  const how = new BigUint64Array(3);
  const buffer = Buffer.alloc(32_768);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const check = (result: number): number => (result < 0 ? fail(errnoOfHost(koffi.errno())) : result);

  const openBeneath = (directory: number, path: string, flags: number, mode: number): number => {
    how[0] = BigInt(flags);
    how[1] = (flags & constants.O_CREAT) === 0 ? 0n : BigInt(mode);
    how[2] = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    for (let tries = 0; ; tries++) {
      const fd = openat2(SYS_OPENAT2, directory, path, how, 24);
      if (fd >= 0) return fd;
      const errno = errnoOfHost(koffi.errno());
      if (errno === ERRNO.XDEV) fail(ERRNO.NOTCAPABLE);
      if (errno !== ERRNO.AGAIN || tries === MAX_RETRIES) fail(errno);
    }
  };
  const stat = (directory: number, name: string, flags: number): Filestat => {
    check(statx(directory, name, flags, STATX_BASIC_STATS, buffer));
    return filestatOfStatx(view);
  };
  const readEntries = (fd: number, cookie: bigint): readonly HostEntry[] => {
    check(lseek(fd, cookie, 0));
    const length = check(getdents(sysGetdents, fd, buffer, buffer.length));
    const entries: HostEntry[] = [];
    for (let start = 0; start < length; start += view.getUint16(start + 16, true)) {
      const name = buffer.subarray(start + 19, buffer.indexOf(0, start + 19));
      entries.push({
        name: Uint8Array.from(name),
        ino: view.getBigUint64(start, true),
        filetype: FILETYPE_OF_DT[view.getUint8(start + 18)] ?? FILETYPE.UNKNOWN,
        next: view.getBigUint64(start + 8, true),
      });
    }
    return entries;
  };

  const kernel: Kernel = {
    openAt: (directory, name, flags, mode) =>
      check(openat(directory, name, flags | constants.O_NOFOLLOW, mode)),
    makeDirectoryAt: (directory, name) => void check(mkdirat(directory, name, 0o777)),
    unlinkAt: (directory, name) => void check(unlinkat(directory, name, 0)),
    removeDirectoryAt: (directory, name) => void check(unlinkat(directory, name, AT_REMOVEDIR)),
    renameAt: (directory, name, toDirectory, toName) =>
      void check(renameat(directory, name, toDirectory, toName)),
    linkAt: (directory, name, toDirectory, toName) =>
      void check(linkat(directory, name, toDirectory, toName, 0)),
    symlinkAt: (target, directory, name) => void check(symlinkat(target, directory, name)),
    readlinkAt: (directory, name) =>
      buffer.toString("utf8", 0, check(readlinkat(directory, name, buffer, buffer.length))),
    statAt: (directory, name) => stat(directory, name, AT_SYMLINK_NOFOLLOW),
    stat: (fd) => stat(fd, "", AT_EMPTY_PATH),
    setTimesAt: (directory, name, atime, mtime) =>
      void check(utimensat(directory, name, timesOf(atime, mtime), AT_SYMLINK_NOFOLLOW)),
    setTimes: (fd, atime, mtime) =>
      void check(utimensat(AT_FDCWD, `/proc/self/fd/${fd}`, timesOf(atime, mtime), 0)),
    allocate: (fd, offset, length) => void check(fallocate(fd, 0, offset, length)),
    advise(fd, offset, length, advice) {
      const error = fadvise(fd, offset, length, advice);
      if (error !== 0) fail(errnoOfHost(error));
    },
    setStatusFlags(fd, flags) {
      check(fcntl(fd, F_SETFL, flags));
      return fd;
    },
    directoryReader: (fd) => ({ read: (cookie) => readEntries(fd, cookie) }),
  };
  return beneathWorks(openBeneath) ? { ...kernel, openBeneath } : kernel;
}

// A kernel before 5.6 does not know openat2, and some sandboxes refuse it.
function beneathWorks(open: NonNullable<Kernel["openBeneath"]>): boolean {
  const root = openSync("/", DIRECTORY_ON_THE_WAY);
  try {
    closeSync(open(root, ".", DIRECTORY_ON_THE_WAY, 0));
    return true;
  } catch {
    return false;
  } finally {
    closeSync(root);
  }
}
