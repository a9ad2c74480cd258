import { closeSync, constants, openSync } from "node:fs";

import type { Descriptor } from "../descriptors/descriptor.ts";
import { FDFLAGS } from "../descriptors/descriptor.ts";
import { DirectoryDescriptor } from "../descriptors/directory-descriptor.ts";
import { FileDescriptor } from "../descriptors/file-descriptor.ts";
import { openDevice } from "../descriptors/open-device.ts";
import { ERRNO, fail } from "../errno.ts";
import { FILETYPE } from "../filestat.ts";
import type { Answer } from "../face.ts";
import type { Guest } from "../guest.ts";
import { ALWAYS } from "../kernel/open-flags.ts";
import { DIRECTORY_RIGHTS, FILE_RIGHTS, RIGHTS, rightsOf, WRITING_RIGHTS } from "../rights.ts";
import { openPath } from "../tree/open-path.ts";
import type { OpenedFile } from "../tree/open-path.ts";
import type { Target } from "../tree/walk.ts";
import { directoryOf } from "./descriptor-of.ts";

const OFLAGS = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 } as const;
const FOLLOW = 1;
const READABLE = RIGHTS.FD_READ | RIGHTS.FD_READDIR;

interface Wish {
  readonly oflags: number;
  readonly fdflags: number;
  readonly rights: number;
  readonly inheriting: number;
  readonly flags: number;
  readonly writes: boolean;
}

function rightsNeeded(oflags: number): number {
  return (
    RIGHTS.PATH_OPEN |
    ((oflags & OFLAGS.CREAT) === 0 ? 0 : RIGHTS.PATH_CREATE_FILE) |
    ((oflags & OFLAGS.TRUNC) === 0 ? 0 : RIGHTS.PATH_FILESTAT_SET_SIZE)
  );
}

/** The host's open flags for what a guest wants. The right to write is what says how a file is opened. */
function openFlagsOf(oflags: number, fdflags: number, rights: number): number {
  const writes = (oflags & OFLAGS.TRUNC) !== 0 || (rights & RIGHTS.FD_WRITE) !== 0;
  if (writes && (oflags & OFLAGS.DIRECTORY) !== 0) fail(ERRNO.ISDIR);
  const access = writes
    ? (rights & READABLE) === 0
      ? constants.O_WRONLY
      : constants.O_RDWR
    : constants.O_RDONLY;
  return (
    ALWAYS |
    access |
    ((oflags & OFLAGS.CREAT) === 0 ? 0 : constants.O_CREAT) |
    ((oflags & OFLAGS.DIRECTORY) === 0 ? 0 : constants.O_DIRECTORY) |
    ((oflags & OFLAGS.EXCL) === 0 ? 0 : constants.O_EXCL) |
    ((fdflags & FDFLAGS.APPEND) === 0 ? 0 : constants.O_APPEND) |
    ((fdflags & FDFLAGS.DSYNC) === 0 ? 0 : constants.O_DSYNC) |
    ((fdflags & (FDFLAGS.SYNC | FDFLAGS.RSYNC)) === 0 ? 0 : constants.O_SYNC)
  );
}

/** Takes the host's descriptor over, as whatever it turned out to be. */
function adopt(guest: Guest, { fd, place }: OpenedFile, readOnly: boolean, wish: Wish): Descriptor {
  try {
    const kernel = guest.kernel();
    const { filetype } = kernel.stat(fd);
    if (filetype === FILETYPE.DIRECTORY) {
      if ((wish.oflags & OFLAGS.TRUNC) !== 0) fail(ERRNO.ISDIR);
      return new DirectoryDescriptor(
        guest.kernel,
        place.beneath(fd),
        wish.rights & DIRECTORY_RIGHTS,
        wish.inheriting,
      );
    }
    const rights = wish.rights & FILE_RIGHTS & (wish.writes ? -1 : ~WRITING_RIGHTS);
    const file = new FileDescriptor(kernel, { fd, filetype, flags: wish.flags, rights, readOnly });
    file.flags = wish.fdflags;
    file.inheriting = wish.inheriting & FILE_RIGHTS;
    return file;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openTarget(guest: Guest, target: Target, wish: Wish): Descriptor {
  const { place, leaf, directory } = target;
  const creates = (wish.oflags & OFLAGS.CREAT) !== 0;
  if (creates && (wish.oflags & OFLAGS.EXCL) !== 0) fail(ERRNO.EXIST);
  if (leaf === undefined) {
    if (creates || wish.writes) fail(ERRNO.ISDIR);
    return new DirectoryDescriptor(
      guest.kernel,
      place.share(),
      wish.rights & DIRECTORY_RIGHTS,
      wish.inheriting,
    );
  }
  if (directory || (wish.oflags & OFLAGS.DIRECTORY) !== 0) fail(ERRNO.NOTDIR);
  if (leaf.kind !== "host-file") {
    const device = openDevice(guest, leaf);
    device.rights &= wish.rights;
    device.flags = wish.fdflags & FDFLAGS.NONBLOCK;
    return device;
  }
  if (leaf.readOnly && wish.writes) fail(ERRNO.ROFS);
  const flags = wish.flags & ~(constants.O_CREAT | constants.O_EXCL);
  return adopt(guest, { fd: openSync(leaf.path, flags), place }, leaf.readOnly, wish);
}

/** `path_open`. */
export function pathOpen(
  guest: Guest,
  fd: number,
  lookup: number,
  pointer: number,
  length: number,
  oflags: number,
  base: bigint,
  inheriting: bigint,
  fdflags: number,
  result: number,
): Answer {
  if ((oflags & ~15) !== 0 || (fdflags & ~31) !== 0 || (lookup & ~FOLLOW) !== 0) fail(ERRNO.INVAL);
  const directory = directoryOf(guest, fd, rightsNeeded(oflags));
  const path = guest.memory.path(pointer, length);
  guest.memory.slice(result, 4);
  guest.descriptors.reserve();
  const rights = rightsOf(base) & directory.inheriting;
  const flags = openFlagsOf(oflags, fdflags, rights);
  const wish: Wish = {
    oflags,
    fdflags,
    rights,
    inheriting: rightsOf(inheriting) & directory.inheriting,
    flags,
    writes: (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0,
  };
  const found = openPath(guest.kernel(), directory.place, path, {
    // O_EXCL never follows, and says EEXIST for a link.
    follow: (lookup & FOLLOW) !== 0 && (oflags & OFLAGS.EXCL) === 0,
    flags,
    mode: 0o666,
    writes: wish.writes,
  });
  let descriptor: Descriptor;
  if ("target" in found) {
    using target = found.target;
    descriptor = openTarget(guest, target, wish);
  } else {
    descriptor = adopt(guest, found, found.place.readOnly, wish);
  }
  const isDone = (oflags & OFLAGS.TRUNC) === 0 || emptyFirst(descriptor);
  // From here on it is closed with the guest, whatever becomes of that meanwhile.
  const opened = guest.descriptors.add(descriptor);
  const done = (): Answer => {
    guest.memory.setU32(result, opened);
    return ERRNO.SUCCESS;
  };
  return isDone ? done() : guest.yield(() => emptied(guest, descriptor, done));
}

/** The first piece of emptying a file, and the last one of most: true when nothing is left in it. */
function emptyFirst(descriptor: Descriptor): boolean {
  if (descriptor.filetype !== FILETYPE.REGULAR_FILE) return true;
  try {
    return descriptor.setSize(0n);
  } catch (error) {
    descriptor.close();
    throw error;
  }
}

/** The others, between which other guests of the thread run: gigabytes in memory take their time. */
function emptied(guest: Guest, descriptor: Descriptor, done: () => Answer): Answer {
  return descriptor.setSize(0n) ? done() : guest.yield(() => emptied(guest, descriptor, done));
}
