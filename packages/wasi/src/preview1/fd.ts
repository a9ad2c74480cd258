import { FDFLAGS } from "../descriptors/descriptor.ts";
import { ERRNO, fail } from "../errno.ts";
import type { Answer, Face } from "../face.ts";
import type { Guest } from "../guest.ts";
import { RIGHTS, rightsOf } from "../rights.ts";
import { descriptorOf } from "./descriptor-of.ts";
import type { Layout } from "./layout.ts";
import { newTimesOf } from "./new-times.ts";
import { readDirectory } from "./read-directory.ts";
import { read, readAt, write, writeAt } from "./transfer.ts";

const ALL_FLAGS = FDFLAGS.APPEND | FDFLAGS.DSYNC | FDFLAGS.NONBLOCK | FDFLAGS.RSYNC | FDFLAGS.SYNC;
const SYNC_FLAGS = FDFLAGS.DSYNC | FDFLAGS.RSYNC | FDFLAGS.SYNC;
const SUCCESS = ERRNO.SUCCESS;

function writeFdstat(guest: Guest, fd: number, pointer: number): number {
  const descriptor = guest.descriptors.get(fd);
  const { view } = guest.memory;
  const at = pointer >>> 0;
  guest.memory.slice(at, 24).fill(0);
  view.setUint8(at, descriptor.filetype);
  view.setUint16(at + 2, descriptor.flags, true);
  view.setBigUint64(at + 8, BigInt(descriptor.rights), true);
  view.setBigUint64(at + 16, BigInt(descriptor.inheriting), true);
  return SUCCESS;
}

function seek(
  guest: Guest,
  fd: number,
  rights: number,
  offset: bigint,
  whence: number,
  result: number,
): number {
  const descriptor = descriptorOf(guest, fd, rights);
  const position = descriptor.seek((here, end) => offset + (whence === 0 ? 0n : whence === 1 ? here : end()));
  guest.memory.setU64(result, position);
  return SUCCESS;
}

// The host takes its time for gigabytes, and a disk or memory is not the thread's: piece by piece, others come between.
function allocate(guest: Guest, fd: number, offset: bigint, length: bigint): Answer {
  const done = descriptorOf(guest, fd, RIGHTS.FD_ALLOCATE).allocate(offset, length);
  if (done >= length) return SUCCESS;
  return guest.yield(() => allocate(guest, fd, offset + done, length - done));
}

function setSize(guest: Guest, fd: number, size: bigint): Answer {
  const isDone = descriptorOf(guest, fd, RIGHTS.FD_FILESTAT_SET_SIZE).setSize(size);
  return isDone ? SUCCESS : guest.yield(() => setSize(guest, fd, size));
}

/** `fd_*`, in the given version of the ABI. */
export function fdFace(layout: Layout): Face {
  return {
    quick: {
      fd_advise(guest, fd: number, offset: bigint, length: bigint, advice: number) {
        const descriptor = descriptorOf(guest, fd, RIGHTS.FD_ADVISE);
        // WASI's advice has POSIX's order but for the first two of Linux: normal, sequential, random.
        const linux = [0, 2, 1, 3, 4, 5][advice] ?? fail(ERRNO.INVAL);
        descriptor.advise(BigInt.asUintN(64, offset), BigInt.asUintN(64, length), linux);
        return SUCCESS;
      },
      fd_close(guest, fd: number) {
        guest.descriptors.close(fd);
        return SUCCESS;
      },
      fd_fdstat_get: writeFdstat,
      fd_fdstat_set_flags(guest, fd: number, flags: number) {
        const descriptor = descriptorOf(guest, fd, RIGHTS.FD_FDSTAT_SET_FLAGS);
        if ((flags & ~ALL_FLAGS) !== 0) fail(ERRNO.INVAL);
        // Linux ignores a change of the sync flags of an open file; telling is better.
        if ((flags & SYNC_FLAGS) !== (descriptor.flags & SYNC_FLAGS)) fail(ERRNO.NOTSUP);
        if (flags !== descriptor.flags) descriptor.setFlags(flags);
        return SUCCESS;
      },
      fd_fdstat_set_rights(guest, fd: number, base: bigint, inheriting: bigint) {
        const descriptor = guest.descriptors.get(fd);
        const [rights, passedOn] = [rightsOf(base), rightsOf(inheriting)];
        if ((rights & ~descriptor.rights) !== 0 || (passedOn & ~descriptor.inheriting) !== 0)
          fail(ERRNO.NOTCAPABLE);
        descriptor.rights = rights;
        descriptor.inheriting = passedOn;
        return SUCCESS;
      },
      fd_filestat_get(guest, fd: number, result: number) {
        layout.writeFilestat(guest.memory, result, descriptorOf(guest, fd, RIGHTS.FD_FILESTAT_GET).stat());
        return SUCCESS;
      },
      fd_filestat_set_times(guest, fd: number, atim: bigint, mtim: bigint, flags: number) {
        const { atime, mtime } = newTimesOf(atim, mtim, flags);
        descriptorOf(guest, fd, RIGHTS.FD_FILESTAT_SET_TIMES).setTimes(atime, mtime);
        return SUCCESS;
      },
      fd_prestat_get(guest, fd: number, result: number) {
        const descriptor = guest.descriptors.get(fd);
        const name = descriptor.preopenName ?? fail(ERRNO.BADF);
        // Tag 1 is nothing that preview 1 names: libraries skip it and go on to the directories after the sockets.
        guest.memory.setU32(result, (descriptor.rights & RIGHTS.SOCK_ACCEPT) === 0 ? 0 : 1);
        guest.memory.setU32((result >>> 0) + 4, Buffer.byteLength(name));
        return SUCCESS;
      },
      fd_prestat_dir_name(guest, fd: number, pointer: number, length: number) {
        const name = Buffer.from(guest.descriptors.get(fd).preopenName ?? fail(ERRNO.BADF));
        if (length >>> 0 < name.length) fail(ERRNO.NAMETOOLONG);
        guest.memory.slice(pointer, name.length).set(name);
        return SUCCESS;
      },
      fd_renumber(guest, from: number, to: number) {
        guest.descriptors.renumber(from, to);
        return SUCCESS;
      },
      fd_seek: (guest, fd: number, offset: bigint, whence: number, result: number) =>
        seek(guest, fd, RIGHTS.FD_SEEK, offset, layout.whence(whence), result),
      fd_tell: (guest, fd: number, result: number) => seek(guest, fd, RIGHTS.FD_TELL, 0n, 1, result),
      fd_pread: readAt,
      fd_pwrite: writeAt,
    },
    waiting: {
      fd_allocate: (guest, fd: number, offset: bigint, length: bigint) =>
        allocate(guest, fd, BigInt.asUintN(64, offset), BigInt.asUintN(64, length)),
      fd_filestat_set_size: (guest, fd: number, size: bigint) => setSize(guest, fd, BigInt.asUintN(64, size)),
      fd_readdir: readDirectory,
      fd_datasync: (guest, fd: number) =>
        guest.waitFor(descriptorOf(guest, fd, RIGHTS.FD_DATASYNC).sync(true), () => SUCCESS),
      fd_sync: (guest, fd: number) =>
        guest.waitFor(descriptorOf(guest, fd, RIGHTS.FD_SYNC).sync(false), () => SUCCESS),
      fd_read: read,
      fd_write: write,
    },
  };
}
