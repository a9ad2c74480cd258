/** WASI preview 1 `rights`. All fit in 30 bits, so they are numbers here and `u64` only in the guest's memory. */
export const RIGHTS = {
  FD_DATASYNC: 1 << 0,
  FD_READ: 1 << 1,
  FD_SEEK: 1 << 2,
  FD_FDSTAT_SET_FLAGS: 1 << 3,
  FD_SYNC: 1 << 4,
  FD_TELL: 1 << 5,
  FD_WRITE: 1 << 6,
  FD_ADVISE: 1 << 7,
  FD_ALLOCATE: 1 << 8,
  PATH_CREATE_DIRECTORY: 1 << 9,
  PATH_CREATE_FILE: 1 << 10,
  PATH_LINK_SOURCE: 1 << 11,
  PATH_LINK_TARGET: 1 << 12,
  PATH_OPEN: 1 << 13,
  FD_READDIR: 1 << 14,
  PATH_READLINK: 1 << 15,
  PATH_RENAME_SOURCE: 1 << 16,
  PATH_RENAME_TARGET: 1 << 17,
  PATH_FILESTAT_GET: 1 << 18,
  PATH_FILESTAT_SET_SIZE: 1 << 19,
  PATH_FILESTAT_SET_TIMES: 1 << 20,
  FD_FILESTAT_GET: 1 << 21,
  FD_FILESTAT_SET_SIZE: 1 << 22,
  FD_FILESTAT_SET_TIMES: 1 << 23,
  PATH_SYMLINK: 1 << 24,
  PATH_REMOVE_DIRECTORY: 1 << 25,
  PATH_UNLINK_FILE: 1 << 26,
  POLL_FD_READWRITE: 1 << 27,
  SOCK_SHUTDOWN: 1 << 28,
  SOCK_ACCEPT: 1 << 29,
} as const;

const ALL = 2 ** 30 - 1;
const PATHS =
  RIGHTS.PATH_CREATE_DIRECTORY |
  RIGHTS.PATH_CREATE_FILE |
  RIGHTS.PATH_LINK_SOURCE |
  RIGHTS.PATH_LINK_TARGET |
  RIGHTS.PATH_OPEN |
  RIGHTS.FD_READDIR |
  RIGHTS.PATH_READLINK |
  RIGHTS.PATH_RENAME_SOURCE |
  RIGHTS.PATH_RENAME_TARGET |
  RIGHTS.PATH_FILESTAT_GET |
  RIGHTS.PATH_FILESTAT_SET_SIZE |
  RIGHTS.PATH_FILESTAT_SET_TIMES |
  RIGHTS.PATH_SYMLINK |
  RIGHTS.PATH_REMOVE_DIRECTORY |
  RIGHTS.PATH_UNLINK_FILE;
const COMMON = RIGHTS.FD_FILESTAT_GET | RIGHTS.FD_FDSTAT_SET_FLAGS | RIGHTS.POLL_FD_READWRITE;

/** Rights that a file may have. */
export const FILE_RIGHTS: number =
  COMMON |
  RIGHTS.FD_DATASYNC |
  RIGHTS.FD_READ |
  RIGHTS.FD_SEEK |
  RIGHTS.FD_SYNC |
  RIGHTS.FD_TELL |
  RIGHTS.FD_WRITE |
  RIGHTS.FD_ADVISE |
  RIGHTS.FD_ALLOCATE |
  RIGHTS.FD_FILESTAT_SET_SIZE |
  RIGHTS.FD_FILESTAT_SET_TIMES;

/** Rights that a directory may have for itself. */
export const DIRECTORY_RIGHTS: number =
  COMMON | PATHS | RIGHTS.FD_SYNC | RIGHTS.FD_DATASYNC | RIGHTS.FD_FILESTAT_SET_TIMES;

/** Rights that a directory may pass on to what is opened through it. */
export const INHERITING_RIGHTS: number = FILE_RIGHTS | DIRECTORY_RIGHTS;

/** Rights of a stream or device that can be read, written, both. No seek: wasi-libc takes it for a terminal then. */
export const STREAM_RIGHTS: number = COMMON | RIGHTS.FD_READ | RIGHTS.FD_WRITE;

/** Rights of a connection. */
export const SOCKET_RIGHTS: number = STREAM_RIGHTS | RIGHTS.SOCK_SHUTDOWN;

/** Rights of a listening socket. */
export const LISTENER_RIGHTS: number = COMMON | RIGHTS.SOCK_ACCEPT | RIGHTS.FD_READ;

/** Rights that a file has only where it is open for writing. */
export const WRITING_RIGHTS: number = RIGHTS.FD_WRITE | RIGHTS.FD_ALLOCATE | RIGHTS.FD_FILESTAT_SET_SIZE;

/** A guest's `u64` of rights; bits that mean nothing are dropped. */
export function rightsOf(value: bigint): number {
  return Number(value & BigInt(ALL));
}
