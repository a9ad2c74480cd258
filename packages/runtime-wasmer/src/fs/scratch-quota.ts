/** Bytes that a container may write to its in-memory files in its life. */
export const SCRATCH_BYTES: number = 64 * 1024 * 1024;
/** Files, directories and links that a container may make in memory in its life. */
export const SCRATCH_ENTRIES = 16_384;

/** Counts what a guest puts into the host's memory. What it deletes is not given back, so the count needs no trust. */
export class ScratchQuota {
  #bytes = SCRATCH_BYTES;
  #entries = SCRATCH_ENTRIES;

  /** @throws an `ENOSPC` error when it is spent. */
  takeBytes(bytes: number): void {
    if (bytes > this.#bytes) throw errnoError("ENOSPC");
    this.#bytes -= bytes;
  }

  /** @throws an `ENOSPC` error when it is spent. */
  takeEntry(): void {
    if (this.#entries === 0) throw errnoError("ENOSPC");
    this.#entries--;
  }
}

/** An error as node:fs throws it, which `@wasmer/wasi` turns into an errno by its code. */
export function errnoError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
