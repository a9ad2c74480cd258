import { ERRNO } from "../errno.ts";
import type { Face } from "../face.ts";
import type { Guest } from "../guest.ts";

// Large requests are filled piece by piece, so that one guest's megabytes hold nobody else up.
const PIECE = 1_048_576;

function fillRandom(guest: Guest, pointer: number, length: number): number | Promise<number> {
  const bytes = guest.memory.slice(pointer, length);
  guest.random(bytes.subarray(0, PIECE));
  if (bytes.length <= PIECE) return ERRNO.SUCCESS;
  return guest.yield(() => fillRandom(guest, (pointer >>> 0) + PIECE, bytes.length - PIECE));
}

/** `proc_*`, `sched_yield`, `random_get`. */
export const procFace: Face = {
  quick: {
    proc_exit(guest, code: number) {
      guest.end({ kind: "exit", code: code >>> 0 });
      return ERRNO.SUCCESS;
    },
    // Preview 1 has no signals, and later drafts dropped the call.
    proc_raise: () => ERRNO.NOTSUP,
  },
  waiting: {
    sched_yield: (guest) => guest.yield(() => ERRNO.SUCCESS),
    random_get: (guest, pointer: number, length: number) => fillRandom(guest, pointer, length),
  },
};
