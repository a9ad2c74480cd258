/** Bytes of standard input that travel in one message. */
const MAX_CHUNK = 64 * 1024;
/** One for all: an array of its own is a third of a kilobyte for each container that sleeps. */
const NOTHING = new Uint8Array();

/** Pulls a container's standard input on demand, one chunk for each pull. */
export class StdinFeed {
  readonly #source: AsyncIterable<Uint8Array> | undefined;
  readonly #send: (chunk?: Uint8Array) => void;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #rest: Uint8Array = NOTHING;
  #closed = false;

  constructor(source: AsyncIterable<Uint8Array> | undefined, send: (chunk?: Uint8Array) => void) {
    this.#source = source;
    this.#send = send;
  }

  /** The guest wants a chunk. A source that fails counts as ended. */
  pull(): void {
    void this.#next().then(
      (chunk) => this.#send(chunk),
      () => this.#send(),
    );
  }

  /** The guest is gone: the source is told so. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#iterator?.return?.()?.then(undefined, () => undefined);
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#rest.length === 0) {
      if (this.#source === undefined || this.#closed) return undefined;
      this.#iterator ??= this.#source[Symbol.asyncIterator]();
      let next = await this.#iterator.next();
      while (next.done !== true && next.value.length === 0) next = await this.#iterator.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    // A copy: a message with a view would carry the whole buffer beneath it.
    const chunk = new Uint8Array(this.#rest.subarray(0, MAX_CHUNK));
    this.#rest = this.#rest.subarray(MAX_CHUNK);
    return chunk;
  }
}
