import { ERRNO } from "../errno.ts";
import type { Guest } from "../guest.ts";
import { RIGHTS } from "../rights.ts";
import { directoryOf } from "./descriptor-of.ts";

const HEADER = 24;

/** `fd_readdir`: whole entries as long as they fit, then the beginning of the next one, as the specification has it. */
export function readDirectory(
  guest: Guest,
  fd: number,
  buffer: number,
  length: number,
  cookie: bigint,
  used: number,
): number {
  const directory = directoryOf(guest, fd, RIGHTS.FD_READDIR);
  const target = guest.memory.slice(buffer, length);
  const header = new DataView(new ArrayBuffer(HEADER));
  let at = 0;
  for (let from = BigInt.asUintN(64, cookie); at < target.length;) {
    const entries = directory.entries(from);
    if (entries.length === 0) break;
    for (const entry of entries) {
      if (at === target.length) break;
      header.setBigUint64(0, entry.next, true);
      header.setBigUint64(8, entry.ino, true);
      header.setUint32(16, entry.name.length, true);
      header.setUint8(20, entry.filetype);
      target.set(new Uint8Array(header.buffer).subarray(0, target.length - at), at);
      at = Math.min(target.length, at + HEADER);
      target.set(entry.name.subarray(0, target.length - at), at);
      at = Math.min(target.length, at + entry.name.length);
      from = entry.next;
    }
  }
  guest.memory.setU32(used, at);
  return ERRNO.SUCCESS;
}
