import type { ByteSource } from "@krustlet/wasi";

const NOTHING = new Uint8Array();

/** A guest's standard input, pulled from the runtime one chunk at a time. */
export class RemoteStdin implements ByteSource {
  readonly #pull: () => void;
  #rest: Uint8Array = NOTHING;
  #waiting: { readonly max: number; readonly resolve: (chunk: Uint8Array) => void } | undefined;
  #ended = false;

  constructor(pull: () => void) {
    this.#pull = pull;
  }

  read(max: number): Uint8Array | Promise<Uint8Array> {
    if (this.#rest.length > 0 || this.#ended) return this.#take(max);
    return new Promise((resolve) => {
      this.#waiting = { max, resolve };
      this.#pull();
    });
  }

  /** The chunk that was pulled; none: end of file. */
  push(chunk: Uint8Array | undefined): void {
    if (chunk === undefined) this.#ended = true;
    else this.#rest = chunk;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(this.#take(waiting.max));
  }

  #take(max: number): Uint8Array {
    const taken = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(max);
    return taken;
  }
}
