import { constants } from "node:fs";

import { ERRNO, errnoOf, fail } from "../errno.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Place } from "./place.ts";
import { unlessItLeaves, Walk } from "./walk.ts";
import type { Target } from "./walk.ts";

/** A descriptor of the host that was opened for a guest, and the place (at least, its mount) that it was found in. */
export interface OpenedFile {
  readonly fd: number;
  readonly place: Place;
}

/**
 * Opens what `path` leads to, as a descriptor of the host, or gives the node that lies there. Where nothing lies over
 * the host's directories it is one system call.
 */
export function openPath(
  kernel: Kernel,
  start: Place,
  path: string,
  options: {
    readonly follow: boolean;
    readonly flags: number;
    readonly mode: number;
    readonly writes: boolean;
  },
): OpenedFile | { readonly target: Target } {
  const { follow, flags, mode, writes } = options;
  for (let tries = 0; ; tries++) {
    using walking = new Walk(kernel, start, path);
    const way = walking.kernelWay();
    const open = kernel.openBeneath;
    if (way !== undefined && open !== undefined) {
      const { host, place } = way;
      const nofollow = follow ? 0 : constants.O_NOFOLLOW;
      const found = unlessItLeaves(() =>
        opened(place, { flags: flags | nofollow, writes }, (kind) => open(host, way.path, kind, mode)),
      );
      if (found !== undefined) return found;
      walking.stepwise();
    }
    const target = walking.to(follow);
    if (target.name === undefined || target.leaf !== undefined) return { target };
    using _ = target;
    const { place, name, directory } = target;
    const { host } = place;
    const creates = (flags & constants.O_CREAT) !== 0;
    if (host === undefined) return fail(creates ? ERRNO.ROFS : ERRNO.NOENT);
    if (directory && creates) fail(ERRNO.ISDIR);
    const wanted = directory ? flags | constants.O_DIRECTORY : flags;
    try {
      return opened(place, { flags: wanted, writes }, (kind) => kernel.openAt(host, name, kind, mode));
    } catch (error) {
      // Somebody put a link there since: look again, but not forever.
      if (!follow || errnoOf(error) !== ERRNO.LOOP || tries > 8) throw error;
    }
  }
}

/** Opens in `place` as far as it may be written: in a read-only one, what is there may be opened, but not made. */
function opened(
  place: Place,
  { flags, writes }: { readonly flags: number; readonly writes: boolean },
  open: (flags: number) => number,
): OpenedFile {
  if (!place.readOnly) return { fd: open(flags), place };
  if (writes) fail(ERRNO.ROFS);
  try {
    return { fd: open(flags & ~(constants.O_CREAT | constants.O_EXCL)), place };
  } catch (error) {
    if ((flags & constants.O_CREAT) !== 0 && errnoOf(error) === ERRNO.NOENT) fail(ERRNO.ROFS);
    throw error;
  }
}
