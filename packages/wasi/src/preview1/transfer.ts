import { FDFLAGS, WOULD_BLOCK } from "../descriptors/descriptor.ts";
import type { Descriptor } from "../descriptors/descriptor.ts";
import { ERRNO } from "../errno.ts";
import type { Answer } from "../face.ts";
import type { Guest } from "../guest.ts";
import { RIGHTS } from "../rights.ts";
import { descriptorOf } from "./descriptor-of.ts";

// More than this in one call is a short read or write, so that no call holds a thread, or copies, for long.
const MAX_TRANSFER = 8_388_608;

/**
 * Does `attempt` now, or suspends the guest until the descriptor is ready and does it then. A guest that does not
 * want to wait gets `AGAIN`, but after a turn of the event loop: it will try again at once.
 */
export function whenReady(
  guest: Guest,
  descriptor: Descriptor,
  direction: "read" | "write",
  attempt: () => Answer,
): Answer {
  const answer = attempt();
  return answer === WOULD_BLOCK ? waitReady(guest, descriptor, direction, attempt) : answer;
}

function waitReady(
  guest: Guest,
  descriptor: Descriptor,
  direction: "read" | "write",
  attempt: () => Answer,
): Answer {
  if ((descriptor.flags & FDFLAGS.NONBLOCK) !== 0) return guest.yield(() => ERRNO.AGAIN);
  let late = false;
  return guest.suspend(
    (wake) => {
      const limit = descriptor.waitLimit(direction);
      const cancel = descriptor.onReady(direction, wake);
      if (limit === undefined) return cancel;
      const timer = guest.clock.timer(limit, () => {
        late = true;
        wake();
      });
      return () => {
        cancel();
        timer[Symbol.dispose]();
      };
    },
    () => {
      if (!late) return whenReady(guest, descriptor, direction, attempt);
      const last = attempt();
      return last === WOULD_BLOCK ? ERRNO.AGAIN : last;
    },
  );
}

/** `fd_read`, and `read` of sockets. */
export function read(guest: Guest, fd: number, buffers: number, count: number, result: number): Answer {
  const descriptor = descriptorOf(guest, fd, RIGHTS.FD_READ);
  return whenReady(guest, descriptor, "read", () => {
    const length = descriptor.read(guest.memory.buffers(buffers, count, MAX_TRANSFER));
    if (length === WOULD_BLOCK) return WOULD_BLOCK;
    guest.memory.setU32(result, length);
    return ERRNO.SUCCESS;
  });
}

/** `fd_write`, and `write` of sockets. */
export function write(guest: Guest, fd: number, buffers: number, count: number, result: number): Answer {
  const descriptor = descriptorOf(guest, fd, RIGHTS.FD_WRITE);
  const answer = writeNow(guest, descriptor, buffers, count, result);
  return answer === WOULD_BLOCK ? writeLater(guest, descriptor, buffers, count, result) : answer;
}

function writeNow(
  guest: Guest,
  descriptor: Descriptor,
  buffers: number,
  count: number,
  result: number,
): Answer {
  const written = descriptor.writeFrom(guest.memory, buffers, count, MAX_TRANSFER);
  if (written === WOULD_BLOCK) return WOULD_BLOCK;
  if (typeof written !== "number") return whenWritten(guest, written, result);
  guest.memory.setU32(result, written);
  return ERRNO.SUCCESS;
}

// The functions with closures are apart: those would be made at each call, though few need them.
function writeLater(
  guest: Guest,
  descriptor: Descriptor,
  buffers: number,
  count: number,
  result: number,
): Answer {
  return waitReady(guest, descriptor, "write", () => writeNow(guest, descriptor, buffers, count, result));
}

function whenWritten(guest: Guest, written: Promise<number>, result: number): Answer {
  return guest.waitFor(written, (length) => {
    guest.memory.setU32(result, length);
    return ERRNO.SUCCESS;
  });
}

/** `fd_pread`. */
export function readAt(
  guest: Guest,
  fd: number,
  buffers: number,
  count: number,
  offset: bigint,
  result: number,
): Answer {
  const descriptor = descriptorOf(guest, fd, RIGHTS.FD_READ | RIGHTS.FD_SEEK);
  const views = guest.memory.buffers(buffers, count, MAX_TRANSFER);
  guest.memory.setU32(result, descriptor.readAt(views, BigInt.asUintN(64, offset)));
  return ERRNO.SUCCESS;
}

/** `fd_pwrite`. */
export function writeAt(
  guest: Guest,
  fd: number,
  buffers: number,
  count: number,
  offset: bigint,
  result: number,
): Answer {
  const descriptor = descriptorOf(guest, fd, RIGHTS.FD_WRITE | RIGHTS.FD_SEEK);
  const views = guest.memory.buffers(buffers, count, MAX_TRANSFER);
  guest.memory.setU32(result, descriptor.writeAt(views, BigInt.asUintN(64, offset)));
  return ERRNO.SUCCESS;
}
