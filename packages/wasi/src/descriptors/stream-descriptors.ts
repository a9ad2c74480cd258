import { ERRNO, errnoOf, fail } from "../errno.ts";
import { FILETYPE } from "../filestat.ts";
import type { GuestMemory } from "../guest-memory.ts";
import { RIGHTS, STREAM_RIGHTS } from "../rights.ts";
import type { ByteSink, ByteSource } from "../streams.ts";
import { Descriptor, WOULD_BLOCK } from "./descriptor.ts";
import type { Direction, Readiness } from "./descriptor.ts";

const CHUNK = 65_536;

/** The guest's reading end of a {@link ByteSource}. All descriptors of one source share one of these. */
export class SourceReader {
  readonly #source: ByteSource;
  #chunk: Uint8Array | undefined;
  #ended = false;
  #error: number | undefined;
  #waiting = false;
  #wakes: (() => void)[] = [];

  constructor(source: ByteSource) {
    this.#source = source;
  }

  read(buffers: readonly Uint8Array[]): number {
    const first = buffers[0];
    if (first === undefined) return 0;
    this.#pull(buffers.reduce((sum, buffer) => sum + buffer.length, 0));
    if (this.#error !== undefined) return fail(this.#error);
    if (this.#chunk === undefined) return this.#ended ? 0 : WOULD_BLOCK;
    let copied = 0;
    for (const buffer of buffers) {
      const part = this.#chunk.subarray(copied, copied + buffer.length);
      buffer.set(part);
      copied += part.length;
    }
    this.#chunk = copied < this.#chunk.length ? this.#chunk.subarray(copied) : undefined;
    return copied;
  }

  ready(): Readiness | undefined {
    this.#pull(CHUNK);
    if (this.#chunk !== undefined) return { bytes: this.#chunk.length, hangup: false };
    return this.#ended || this.#error !== undefined ? { bytes: 0, hangup: true } : undefined;
  }

  onReady(wake: () => void): () => void {
    this.#wakes.push(wake);
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== wake);
    };
  }

  #pull(max: number): void {
    if (this.#waiting || this.#ended || this.#chunk !== undefined || this.#error !== undefined) return;
    try {
      const next = this.#source.read(Math.min(max, CHUNK));
      if (!(next instanceof Promise)) return this.#take(next);
      this.#waiting = true;
      next.then(
        (chunk) => this.#wake(() => this.#take(chunk)),
        (error: unknown) => this.#wake(() => (this.#error = errnoOf(error))),
      );
    } catch (error) {
      this.#error = errnoOf(error);
    }
  }

  #take(chunk: Uint8Array): void {
    if (chunk.length === 0) this.#ended = true;
    else this.#chunk = chunk;
  }

  #wake(settle: () => void): void {
    this.#waiting = false;
    settle();
    for (const wake of this.#wakes.splice(0)) wake();
  }
}

/** A descriptor that reads a stream: stdin. */
export class SourceDescriptor extends Descriptor {
  readonly filetype: number = FILETYPE.CHARACTER_DEVICE;
  readonly #reader: SourceReader;

  constructor(reader: SourceReader) {
    super(STREAM_RIGHTS & ~RIGHTS.FD_WRITE);
    this.#reader = reader;
  }

  override read(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    return this.#reader.read(buffers);
  }

  override ready(direction: Direction): Readiness | undefined {
    return direction === "read" ? this.#reader.ready() : super.ready(direction);
  }

  override onReady(_direction: Direction, wake: () => void): () => void {
    return this.#reader.onReady(wake);
  }
}

/** A descriptor that writes a stream: stdout, stderr. */
export class SinkDescriptor extends Descriptor {
  readonly filetype: number = FILETYPE.CHARACTER_DEVICE;
  readonly #sink: ByteSink;

  constructor(sink: ByteSink) {
    super(STREAM_RIGHTS & ~RIGHTS.FD_READ);
    this.#sink = sink;
  }

  override writeFrom(
    memory: GuestMemory,
    pointer: number,
    count: number,
    max: number,
  ): number | Promise<number> {
    // A copy: the guest goes on to use its memory, and the sink may keep the chunk.
    const chunk = memory.copied(pointer, count, max);
    if (chunk.length === 0) return 0;
    // Read first: a sink that hands the chunk to another thread leaves an empty one.
    const { length } = chunk;
    try {
      const written = this.#sink.write(chunk);
      if (!(written instanceof Promise)) return length;
      return whenTaken(written, length);
    } catch (error) {
      return fail(errnoOf(error, ERRNO.PIPE));
    }
  }
}

// Apart, so that a write that need not wait makes no closures.
function whenTaken(written: Promise<void>, length: number): Promise<number> {
  return written.then(
    () => length,
    (error: unknown) => fail(errnoOf(error, ERRNO.PIPE)),
  );
}
