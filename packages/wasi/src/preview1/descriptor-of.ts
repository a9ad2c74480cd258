import type { Descriptor } from "../descriptors/descriptor.ts";
import { DirectoryDescriptor } from "../descriptors/directory-descriptor.ts";
import { ERRNO, fail } from "../errno.ts";
import { FILETYPE } from "../filestat.ts";
import type { Guest } from "../guest.ts";
import { RIGHTS } from "../rights.ts";

const DATA = RIGHTS.FD_READ | RIGHTS.FD_WRITE;
const POSITION =
  RIGHTS.FD_SEEK | RIGHTS.FD_TELL | RIGHTS.FD_ALLOCATE | RIGHTS.FD_FILESTAT_SET_SIZE | RIGHTS.FD_ADVISE;

/**
 * The descriptor of `fd`, if it has all of `rights`. What it lacks is told as POSIX would where POSIX has an errno for
 * it: `EISDIR`, `EBADF` for the wrong open mode, `ESPIPE`; the rest is `ENOTCAPABLE`.
 */
export function descriptorOf(guest: Guest, fd: number, rights: number): Descriptor {
  const descriptor = guest.descriptors.get(fd);
  const missing = rights & ~descriptor.rights;
  if (missing === 0) return descriptor;
  if (descriptor.filetype === FILETYPE.DIRECTORY && (missing & (DATA | POSITION)) !== 0)
    return fail(ERRNO.ISDIR);
  if ((missing & DATA) !== 0) return fail(ERRNO.BADF);
  if (descriptor.filetype !== FILETYPE.REGULAR_FILE && (missing & POSITION) !== 0) return fail(ERRNO.SPIPE);
  return fail(ERRNO.NOTCAPABLE);
}

/** The directory of `fd`, if it has all of `rights`. */
export function directoryOf(guest: Guest, fd: number, rights: number): DirectoryDescriptor {
  const descriptor = guest.descriptors.get(fd);
  if (!(descriptor instanceof DirectoryDescriptor)) return fail(ERRNO.NOTDIR);
  return (rights & ~descriptor.rights) === 0 ? descriptor : fail(ERRNO.NOTCAPABLE);
}
