import type { ContainerIo } from "@krustlet/interface";

/** Bytes after whose delivery the thread is told; less than the window that it may send ahead. */
const CREDIT_STEP = 64 * 1024;

/**
 * Hands a guest's writes to its {@link ContainerIo}, one at a time and in order, and tells the thread how many bytes
 * were taken. What the caller's `write` throws loses that chunk and nothing else.
 */
export class OutputDelivery {
  readonly #io: ContainerIo;
  readonly #credit: (bytes: number) => void;
  readonly #waiting: { readonly stream: "stdout" | "stderr"; readonly chunk: Uint8Array }[] = [];
  readonly #idle: (() => void)[] = [];
  #busy = false;
  #owed = 0;

  constructor(io: ContainerIo, credit: (bytes: number) => void) {
    this.#io = io;
    this.#credit = credit;
  }

  push(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    if (this.#busy) this.#waiting.push({ stream, chunk });
    else this.#write(stream, chunk);
  }

  /** Resolves when everything that was pushed so far was taken. */
  finished(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #write(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    let taken: void | Promise<void>;
    try {
      taken = this.#io.write(stream, chunk);
    } catch {
      taken = undefined;
    }
    if (taken === undefined) {
      this.#taken(chunk.length);
      return;
    }
    this.#busy = true;
    void this.#writeOnAfter(taken, chunk.length);
  }

  async #writeOnAfter(taken: Promise<void>, bytes: number): Promise<void> {
    await taken.catch(() => undefined);
    this.#busy = false;
    this.#taken(bytes);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#write(next.stream, next.chunk);
      // oxlint-disable-next-line typescript/no-unnecessary-condition -- #write may have set it
      if (this.#busy) return;
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #taken(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < CREDIT_STEP) return;
    this.#credit(this.#owed);
    this.#owed = 0;
  }
}
