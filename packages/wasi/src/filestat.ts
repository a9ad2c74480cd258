import type { BigIntStats } from "node:fs";

import type { RootNode } from "./root-node.ts";

/** WASI preview 1 `filetype`. */
export const FILETYPE = {
  UNKNOWN: 0,
  BLOCK_DEVICE: 1,
  CHARACTER_DEVICE: 2,
  DIRECTORY: 3,
  REGULAR_FILE: 4,
  SOCKET_DGRAM: 5,
  SOCKET_STREAM: 6,
  SYMBOLIC_LINK: 7,
} as const;

/** What `fd_filestat_get` and `path_filestat_get` tell. Times are nanoseconds. */
export interface Filestat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly filetype: number;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
}

/** The filetype of a `st_mode`. A FIFO has no type of its own in WASI. */
export function filetypeOfMode(mode: number): number {
  switch (mode & 0o170000) {
    case 0o040000:
      return FILETYPE.DIRECTORY;
    case 0o100000:
      return FILETYPE.REGULAR_FILE;
    case 0o120000:
      return FILETYPE.SYMBOLIC_LINK;
    case 0o020000:
      return FILETYPE.CHARACTER_DEVICE;
    case 0o060000:
      return FILETYPE.BLOCK_DEVICE;
    case 0o140000:
      return FILETYPE.SOCKET_STREAM;
    default:
      return FILETYPE.UNKNOWN;
  }
}

/** The filestat of a stat of node:fs. */
export function filestatOf(stats: BigIntStats): Filestat {
  return {
    dev: stats.dev,
    ino: stats.ino,
    filetype: filetypeOfMode(Number(stats.mode)),
    nlink: stats.nlink,
    size: stats.size,
    atim: stats.atimeNs,
    mtim: stats.mtimeNs,
    ctim: stats.ctimeNs,
  };
}

/** The filestat of what has no file of the host behind it. */
export function virtualFilestat(filetype: number, ino: bigint = 0n): Filestat {
  return { dev: 0n, ino, filetype, nlink: 1n, size: 0n, atim: 0n, mtim: 0n, ctim: 0n };
}

const inodes = new WeakMap<object, bigint>();
let lastInode = 0n;

/** An inode number for a thing without a file of the host: the same as long as the thing lives. */
export function virtualInode(thing: object): bigint {
  let inode = inodes.get(thing);
  if (inode === undefined) {
    inode = ++lastInode;
    inodes.set(thing, inode);
  }
  return inode;
}

/** The filetype that a node of the mount tree shows. */
export function filetypeOfNode(node: RootNode): number {
  switch (node.kind) {
    case "directory":
    case "host-directory":
      return FILETYPE.DIRECTORY;
    case "host-file":
      return FILETYPE.REGULAR_FILE;
    case "device":
    case "signals":
      return FILETYPE.CHARACTER_DEVICE;
  }
}
