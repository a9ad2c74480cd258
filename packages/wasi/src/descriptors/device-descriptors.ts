import { FILETYPE } from "../filestat.ts";
import { STREAM_RIGHTS } from "../rights.ts";
import { Descriptor, WOULD_BLOCK } from "./descriptor.ts";
import type { Direction, Readiness } from "./descriptor.ts";

// As much as one read gives, so that it does not take long.
const MAX_FILL = 1_048_576;

/** `/dev/null`, `/dev/zero`, `/dev/random`: `fill` makes what is read, or nothing does and it is the end of file. */
export class FillDescriptor extends Descriptor {
  readonly filetype: number = FILETYPE.CHARACTER_DEVICE;
  readonly #fill: ((bytes: Uint8Array) => void) | undefined;

  constructor(fill?: (bytes: Uint8Array) => void) {
    super(STREAM_RIGHTS);
    this.#fill = fill;
  }

  override read(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    if (this.#fill === undefined) return 0;
    const part = buffers[0]?.subarray(0, MAX_FILL);
    if (part === undefined) return 0;
    this.#fill(part);
    return part.length;
  }

  override write(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    return length(buffers);
  }
}

function length(buffers: readonly Uint8Array[]): number {
  return buffers.reduce((sum, buffer) => sum + buffer.length, 0);
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

/** What signals a guest was sent, for the descriptors of its signals file. */
export class SignalQueue {
  readonly #onReaders: ((readers: number) => void) | undefined;
  #readers = 0;
  #pending = NOTHING;
  #wakes: (() => void)[] = [];

  constructor(onReaders?: (readers: number) => void) {
    this.#onReaders = onReaders;
  }

  /** Descriptors that are open on it. */
  get readers(): number {
    return this.#readers;
  }

  /** A descriptor was opened (1) or closed (-1). */
  countReader(step: 1 | -1): void {
    this.#readers += step;
    this.#onReaders?.(this.#readers);
  }

  /** Adds a line. */
  send(signal: string): void {
    this.#pending = Uint8Array.of(...this.#pending, ...encoder.encode(`${signal}\n`));
    for (const wake of this.#wakes.splice(0)) wake();
  }

  get size(): number {
    return this.#pending.length;
  }

  take(into: Uint8Array): number {
    const part = this.#pending.subarray(0, into.length);
    into.set(part);
    this.#pending = this.#pending.subarray(part.length);
    return part.length;
  }

  onSignal(wake: () => void): () => void {
    this.#wakes.push(wake);
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== wake);
    };
  }
}

/** The signals file: reading waits for a signal and gives its line. */
export class SignalsDescriptor extends Descriptor {
  readonly filetype: number = FILETYPE.CHARACTER_DEVICE;
  readonly #queue: SignalQueue;

  constructor(queue: SignalQueue) {
    super(STREAM_RIGHTS);
    this.#queue = queue;
    queue.countReader(1);
  }

  override read(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    const first = buffers[0];
    if (first === undefined) return 0;
    return this.#queue.size === 0 ? WOULD_BLOCK : this.#queue.take(first);
  }

  override ready(direction: Direction): Readiness | undefined {
    if (direction === "write") return super.ready(direction);
    return this.#queue.size === 0 ? undefined : { bytes: this.#queue.size, hangup: false };
  }

  override onReady(_direction: Direction, wake: () => void): () => void {
    return this.#queue.onSignal(wake);
  }

  override close(): void {
    this.#queue.countReader(-1);
  }
}
