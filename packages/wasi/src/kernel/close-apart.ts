import { close } from "node:fs";

import { FILETYPE } from "../filestat.ts";
import type { Filestat } from "../filestat.ts";
import type { Kernel } from "./kernel.ts";
import { ALWAYS, O_PATH } from "./open-flags.ts";

/** Bytes from which giving a file's space back takes longer than going to another thread for it: some 0.2 s a gigabyte. */
const LARGE = 67_108_864n;

/** Whether the space of a file is better given back on another thread. */
export function isLarge({ filetype, size }: Pick<Filestat, "filetype" | "size">): boolean {
  return filetype === FILETYPE.REGULAR_FILE && size >= LARGE;
}

/** Closes a descriptor on a thread of the pool, for with the last one of a file its space is given back. */
export function closeApart(fd: number): void {
  close(fd, () => undefined);
}

/**
 * Does what takes the name of a file away. A large one is held meanwhile, and let go of on a thread of the pool: its
 * space is given back there, while the guests of this thread run on.
 */
export function unnaming(kernel: Kernel, directory: number, name: string, act: () => void): void {
  const held = holdLarge(kernel, directory, name);
  try {
    act();
  } finally {
    if (held !== undefined) closeApart(held);
  }
}

function holdLarge(kernel: Kernel, directory: number, name: string): number | undefined {
  try {
    return isLarge(kernel.statAt(directory, name))
      ? kernel.openAt(directory, name, ALWAYS | O_PATH, 0)
      : undefined;
  } catch {
    // It is not there, or just went; what is to be done will say so.
    return undefined;
  }
}
