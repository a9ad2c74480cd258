import { ERRNO } from "../errno.ts";
import type { Answer } from "../face.ts";
import type { Guest } from "../guest.ts";
import type { HostEntry } from "../kernel/kernel.ts";
import { RIGHTS } from "../rights.ts";
import { directoryOf } from "./descriptor-of.ts";

const HEADER = 24;

/** So many entries are read without a break. */
const ENTRIES_AT_ONCE = 2048;

/** Puts entries into `target` from `at` on, the last one perhaps in part; answers where it is full up to. */
function fill(target: Uint8Array, at: number, entries: readonly HostEntry[]): number {
  const header = new DataView(new ArrayBuffer(HEADER));
  let used = at;
  for (const entry of entries) {
    if (used === target.length) break;
    header.setBigUint64(0, entry.next, true);
    header.setBigUint64(8, entry.ino, true);
    header.setUint32(16, entry.name.length, true);
    header.setUint8(20, entry.filetype);
    target.set(new Uint8Array(header.buffer).subarray(0, target.length - used), used);
    used = Math.min(target.length, used + HEADER);
    target.set(entry.name.subarray(0, target.length - used), used);
    used = Math.min(target.length, used + entry.name.length);
  }
  return used;
}

/** `fd_readdir`: whole entries as long as they fit, then the beginning of the next one, as the specification has it. */
export function readDirectory(
  guest: Guest,
  fd: number,
  buffer: number,
  length: number,
  cookie: bigint,
  used: number,
): Answer {
  const directory = directoryOf(guest, fd, RIGHTS.FD_READDIR);
  const goOn = (from: bigint, full: number): Answer => {
    const target = guest.memory.slice(buffer, length);
    let [next, at, count] = [from, full, 0];
    while (at < target.length) {
      // Less than a full buffer means the end, so a large one is filled, but others come between.
      if (count >= ENTRIES_AT_ONCE) return guest.yield(() => goOn(next, at));
      const entries = directory.entries(next);
      const last = entries.at(-1);
      if (last === undefined) break;
      at = fill(target, at, entries);
      next = last.next;
      count += entries.length;
    }
    guest.memory.setU32(used, at);
    return ERRNO.SUCCESS;
  };
  return goOn(BigInt.asUintN(64, cookie), 0);
}
