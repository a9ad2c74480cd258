import { closeSync, statSync } from "node:fs";

import { ERRNO, fail } from "../errno.ts";
import type { Face } from "../face.ts";
import { FILETYPE, filestatOf, filetypeOfNode, virtualFilestat, virtualInode } from "../filestat.ts";
import type { Filestat } from "../filestat.ts";
import type { Guest } from "../guest.ts";
import { O_PATH } from "../kernel/open-flags.ts";
import { RIGHTS } from "../rights.ts";
import { openPath } from "../tree/open-path.ts";
import { walk } from "../tree/walk.ts";
import type { LeafNode, Target } from "../tree/walk.ts";
import { directoryOf } from "./descriptor-of.ts";
import { unnaming } from "../kernel/close-apart.ts";
import type { Layout } from "./layout.ts";
import { newTimesOf } from "./new-times.ts";
import { pathOpen } from "./path-open.ts";

const FOLLOW = 1;
const SUCCESS = ERRNO.SUCCESS;

function target(guest: Guest, fd: number, rights: number, pointer: number, length: number): Target {
  const { place } = directoryOf(guest, fd, rights);
  return walk(guest.kernel(), place, guest.memory.path(pointer, length), false);
}

/** The host directory and the name of something that is to be changed or removed there. */
function entry(found: Target, itself: number): { directory: number; name: string } {
  if (found.name === undefined) return fail(itself);
  if (found.leaf !== undefined || found.place.children.has(found.name)) return fail(ERRNO.BUSY);
  if (found.place.host === undefined) return fail(found.place.children.size > 0 ? ERRNO.ROFS : ERRNO.NOENT);
  return { directory: found.place.writable(), name: found.name };
}

/** A path with a slash at its end names a directory; the slash itself never reaches the kernel, which would follow. */
function requireDirectory(guest: Guest, found: Target, directory: number, name: string): void {
  if (found.directory && guest.kernel().statAt(directory, name).filetype !== FILETYPE.DIRECTORY)
    fail(ERRNO.NOTDIR);
}

function filetypeAt(guest: Guest, directory: number, name: string): number | undefined {
  try {
    return guest.kernel().statAt(directory, name).filetype;
  } catch {
    return undefined;
  }
}

function statOfLeaf(leaf: LeafNode): Filestat {
  if (leaf.kind !== "host-file") return virtualFilestat(filetypeOfNode(leaf), virtualInode(leaf));
  return filestatOf(statSync(leaf.path, { bigint: true }));
}

/** `path_filestat_get`: through a descriptor that only names the file. */
function stat(guest: Guest, fd: number, lookup: number, pointer: number, length: number): Filestat {
  const directory = directoryOf(guest, fd, RIGHTS.PATH_FILESTAT_GET);
  const kernel = guest.kernel();
  const follow = (lookup & FOLLOW) !== 0;
  const options = { follow, flags: O_PATH, mode: 0, writes: false };
  const opened = openPath(kernel, directory.place, guest.memory.path(pointer, length), options);
  if ("fd" in opened) {
    try {
      return kernel.stat(opened.fd);
    } finally {
      closeSync(opened.fd);
    }
  }
  using found = opened.target;
  if (found.leaf !== undefined) return found.directory ? fail(ERRNO.NOTDIR) : statOfLeaf(found.leaf);
  const { host, identity } = found.place;
  return host === undefined ? virtualFilestat(FILETYPE.DIRECTORY, virtualInode(identity)) : kernel.stat(host);
}

function setTimes(
  guest: Guest,
  fd: number,
  lookup: number,
  pointer: number,
  length: number,
  atim: bigint,
  mtim: bigint,
  flags: number,
): number {
  const { atime, mtime } = newTimesOf(atim, mtim, flags);
  const { place } = directoryOf(guest, fd, RIGHTS.PATH_FILESTAT_SET_TIMES);
  const kernel = guest.kernel();
  const path = guest.memory.path(pointer, length);
  if ((lookup & FOLLOW) !== 0) {
    const opened = openPath(kernel, place, path, { follow: true, flags: O_PATH, mode: 0, writes: true });
    if ("fd" in opened) {
      try {
        kernel.setTimes(opened.fd, atime, mtime);
      } finally {
        closeSync(opened.fd);
      }
    } else {
      using found = opened.target;
      if (found.leaf !== undefined) return fail(ERRNO.ROFS);
      kernel.setTimes(found.place.writable(), atime, mtime);
    }
    return SUCCESS;
  }
  using found = walk(kernel, place, path, false);
  if (found.name === undefined) {
    kernel.setTimes(found.place.writable(), atime, mtime);
    return SUCCESS;
  }
  const { directory, name } = entry(found, ERRNO.INVAL);
  requireDirectory(guest, found, directory, name);
  kernel.setTimesAt(directory, name, atime, mtime);
  return SUCCESS;
}

function rename(
  guest: Guest,
  fd: number,
  pointer: number,
  length: number,
  toFd: number,
  toPointer: number,
  toLength: number,
): number {
  using from = target(guest, fd, RIGHTS.PATH_RENAME_SOURCE, pointer, length);
  using to = target(guest, toFd, RIGHTS.PATH_RENAME_TARGET, toPointer, toLength);
  if (from.place.mount !== to.place.mount) fail(ERRNO.XDEV);
  const source = entry(from, ERRNO.BUSY);
  const goal = entry(to, ERRNO.BUSY);
  requireDirectory(guest, from, source.directory, source.name);
  if (to.directory && filetypeAt(guest, source.directory, source.name) !== FILETYPE.DIRECTORY)
    fail(ERRNO.NOTDIR);
  const kernel = guest.kernel();
  unnaming(kernel, goal.directory, goal.name, () =>
    kernel.renameAt(source.directory, source.name, goal.directory, goal.name),
  );
  return SUCCESS;
}

function link(
  guest: Guest,
  fd: number,
  lookup: number,
  pointer: number,
  length: number,
  toFd: number,
  toPointer: number,
  toLength: number,
): number {
  if ((lookup & FOLLOW) !== 0) fail(ERRNO.INVAL);
  using from = target(guest, fd, RIGHTS.PATH_LINK_SOURCE, pointer, length);
  using to = target(guest, toFd, RIGHTS.PATH_LINK_TARGET, toPointer, toLength);
  if (from.place.mount !== to.place.mount) fail(ERRNO.XDEV);
  const source = entry(from, ERRNO.PERM);
  const goal = entry(to, ERRNO.EXIST);
  requireDirectory(guest, from, source.directory, source.name);
  if (to.directory)
    fail(filetypeAt(guest, goal.directory, goal.name) === undefined ? ERRNO.NOENT : ERRNO.EXIST);
  guest.kernel().linkAt(source.directory, source.name, goal.directory, goal.name);
  return SUCCESS;
}

function symlink(
  guest: Guest,
  pointer: number,
  length: number,
  fd: number,
  toPointer: number,
  toLength: number,
): number {
  const text = guest.memory.path(pointer, length);
  // It could only ever lead out.
  if (text.startsWith("/")) fail(ERRNO.NOTCAPABLE);
  using to = target(guest, fd, RIGHTS.PATH_SYMLINK, toPointer, toLength);
  const goal = entry(to, ERRNO.EXIST);
  if (to.directory)
    fail(filetypeAt(guest, goal.directory, goal.name) === undefined ? ERRNO.NOENT : ERRNO.EXIST);
  guest.kernel().symlinkAt(text, goal.directory, goal.name);
  return SUCCESS;
}

function readlink(
  guest: Guest,
  fd: number,
  pointer: number,
  length: number,
  buffer: number,
  size: number,
  used: number,
): number {
  using found = target(guest, fd, RIGHTS.PATH_READLINK, pointer, length);
  const { place, name, leaf } = found;
  if (name === undefined || leaf !== undefined || found.directory) return fail(ERRNO.INVAL);
  const text = Buffer.from(guest.kernel().readlinkAt(place.host ?? fail(ERRNO.NOENT), name));
  const part = text.subarray(0, size >>> 0);
  guest.memory.slice(buffer, part.length).set(part);
  guest.memory.setU32(used, part.length);
  return SUCCESS;
}

/** `path_*`, in the given version of the ABI. */
export function pathFace(layout: Layout): Face {
  return {
    quick: {
      path_create_directory(guest, fd: number, pointer: number, length: number) {
        using found = target(guest, fd, RIGHTS.PATH_CREATE_DIRECTORY, pointer, length);
        if (found.leaf !== undefined) fail(ERRNO.EXIST);
        const { directory, name } = entry(found, ERRNO.EXIST);
        guest.kernel().makeDirectoryAt(directory, name);
        return SUCCESS;
      },
      path_filestat_get(guest, fd: number, lookup: number, pointer: number, length: number, result: number) {
        layout.writeFilestat(guest.memory, result, stat(guest, fd, lookup, pointer, length));
        return SUCCESS;
      },
      path_filestat_set_times: setTimes,
      path_link: link,
      path_readlink: readlink,
      path_remove_directory(guest, fd: number, pointer: number, length: number) {
        using found = target(guest, fd, RIGHTS.PATH_REMOVE_DIRECTORY, pointer, length);
        const { directory, name } = entry(found, ERRNO.BUSY);
        guest.kernel().removeDirectoryAt(directory, name);
        return SUCCESS;
      },
      path_rename: rename,
      path_symlink: symlink,
      path_unlink_file(guest, fd: number, pointer: number, length: number) {
        using found = target(guest, fd, RIGHTS.PATH_UNLINK_FILE, pointer, length);
        const { directory, name } = entry(found, ERRNO.ISDIR);
        requireDirectory(guest, found, directory, name);
        const kernel = guest.kernel();
        unnaming(kernel, directory, name, () => kernel.unlinkAt(directory, name));
        return SUCCESS;
      },
    },
    // What is to be emptied as it is opened may be large.
    waiting: { path_open: pathOpen },
  };
}
