import type { ByteSink } from "@krustlet/wasi";

/** Bytes that may be under way to the runtime before the guest's next write waits. */
const WINDOW = 256 * 1024;
/** Bytes of small writes that are put together at most. */
const COALESCE = 16 * 1024;

/** Sends one chunk, which is nothing but its own buffer, and the sender's from then on. */
export type SendChunk = (stream: "stdout" | "stderr", chunk: Uint8Array) => void;

/**
 * The way of a guest's writes off its thread, stdout and stderr in one order. The first write after the guest began
 * to run goes at once; small ones after it go together when the guest pauses, a slice later at most. What is not
 * delivered is bounded: beyond a window, writes wait for {@link OutputPipe.credit}.
 */
export class OutputPipe {
  /** Its two ends, for a guest. */
  readonly stdout: ByteSink = new PipeEnd(this, "stdout");
  readonly stderr: ByteSink = new PipeEnd(this, "stderr");
  readonly #send: SendChunk;
  readonly #coalesce: boolean;
  #under = 0;
  #sentInThisRun = false;
  #stream: "stdout" | "stderr" = "stdout";
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  /** @param coalesce False where nobody calls {@link OutputPipe.flush} in time: a guest that is not metered. */
  constructor(send: SendChunk, coalesce: boolean) {
    this.#send = send;
    this.#coalesce = coalesce;
  }

  /** Takes a chunk, which is the pipe's own. A promise: the guest has to wait. */
  write(stream: "stdout" | "stderr", chunk: Uint8Array): void | Promise<void> {
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#under += chunk.length;
    if (this.#partBytes === 0 && (!this.#coalesce || !this.#sentInThisRun)) this.#sendWhole(chunk);
    else {
      this.#parts.push(chunk);
      this.#partBytes += chunk.length;
      if (this.#partBytes >= COALESCE) this.flush();
    }
    this.#sentInThisRun = true;
    if (this.#under <= WINDOW) return;
    this.flush();
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** The guest pauses: what was put together goes. */
  pause(): void {
    this.flush();
    this.#sentInThisRun = false;
  }

  /** Sends what was put together. */
  flush(): void {
    const first = this.#parts[0];
    if (first === undefined) return;
    const chunk = this.#parts.length === 1 ? first : joinedOf(this.#parts, this.#partBytes);
    this.#parts = [];
    this.#partBytes = 0;
    this.#sendWhole(chunk);
  }

  /** A message with a view would carry the whole buffer beneath it. */
  #sendWhole(chunk: Uint8Array): void {
    this.#send(this.#stream, chunk.length === chunk.buffer.byteLength ? chunk : new Uint8Array(chunk));
  }

  /** So many bytes were delivered. */
  credit(bytes: number): void {
    this.#under -= bytes;
    if (this.#under > WINDOW || this.#room === undefined) return;
    this.#room.resolve();
    this.#room = undefined;
  }
}

class PipeEnd implements ByteSink {
  readonly #pipe: OutputPipe;
  readonly #stream: "stdout" | "stderr";

  constructor(pipe: OutputPipe, stream: "stdout" | "stderr") {
    this.#pipe = pipe;
    this.#stream = stream;
  }

  write(chunk: Uint8Array): void | Promise<void> {
    return this.#pipe.write(this.#stream, chunk);
  }
}

function joinedOf(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
