import type { Descriptor } from "./descriptors/descriptor.ts";
import { ERRNO, fail } from "./errno.ts";

/** A guest's descriptors by number. New ones get the lowest free number. */
export class DescriptorTable {
  readonly #slots: (Descriptor | undefined)[] = [];
  readonly #max: number;
  // Everything below is taken.
  #free = 0;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get(fd: number): Descriptor {
    return this.#slots[fd >>> 0] ?? fail(ERRNO.BADF);
  }

  /** Fails with `MFILE` when one more would be too many; asked before anything is opened. */
  reserve(): void {
    if (this.#count >= this.#max) fail(ERRNO.MFILE);
  }

  /** Takes `descriptor` over. */
  add(descriptor: Descriptor): number {
    while (this.#slots[this.#free] !== undefined) this.#free++;
    this.#slots[this.#free] = descriptor;
    this.#count++;
    return this.#free++;
  }

  close(fd: number): void {
    const descriptor = this.get(fd);
    this.#slots[fd >>> 0] = undefined;
    this.#free = Math.min(this.#free, fd >>> 0);
    this.#count--;
    descriptor.close();
  }

  /** Moves `from` to the number of `to`, which is closed. Both have to be open. */
  renumber(from: number, to: number): void {
    const moved = this.get(from);
    this.get(to);
    if (from >>> 0 === to >>> 0) return;
    this.#slots[from >>> 0] = undefined;
    this.#free = Math.min(this.#free, from >>> 0);
    const replaced = this.get(to);
    this.#slots[to >>> 0] = moved;
    this.#count--;
    replaced.close();
  }

  /** Closes all of them; one that fails does not keep the others open. */
  closeAll(): void {
    for (const descriptor of this.#slots.splice(0)) {
      try {
        descriptor?.close();
      } catch {
        // What cannot be closed is gone already.
      }
    }
    this.#count = 0;
    this.#free = 0;
  }
}
