import type { Socket } from "node:net";

import { ERRNO, errnoOf, fail } from "../errno.ts";
import { FILETYPE } from "../filestat.ts";
import type { PreopenedListener } from "../listener.ts";
import { LISTENER_RIGHTS, SOCKET_RIGHTS } from "../rights.ts";
import { Descriptor, WOULD_BLOCK } from "./descriptor.ts";
import type { Direction, Readiness } from "./descriptor.ts";

/** A listening socket; it owns the listener. */
export class ListenerDescriptor extends Descriptor {
  readonly filetype: number = FILETYPE.SOCKET_STREAM;
  readonly #listener: PreopenedListener;

  constructor(listener: PreopenedListener) {
    super(LISTENER_RIGHTS, SOCKET_RIGHTS);
    this.#listener = listener;
  }

  /** Where it listens first. */
  get local(): PreopenedListener["addresses"][number] | undefined {
    return this.#listener.addresses[0];
  }

  /** The next connection that waits. */
  accept(): Socket | undefined {
    return this.#listener.accept();
  }

  override ready(direction: Direction): Readiness | undefined {
    if (direction === "write") return super.ready(direction);
    return this.#listener.waiting > 0 ? { bytes: this.#listener.waiting, hangup: false } : undefined;
  }

  override onReady(_direction: Direction, wake: () => void): () => void {
    return this.#listener.onConnection(wake);
  }

  override close(): void {
    this.#listener.close();
  }
}

// Milliseconds without any progress after which a closed connection is dropped.
const LINGER = 10_000;

const EVENTS = {
  read: ["readable", "end", "close", "error"],
  write: ["drain", "close", "error"],
} as const;

/** A connection; it owns the socket, whose data stays in it (and holds the peer back) until the guest reads it. */
export class SocketDescriptor extends Descriptor {
  readonly filetype: number = FILETYPE.SOCKET_STREAM;
  #socket: Socket;
  #error: number | undefined;
  #readClosed = false;

  constructor(socket: Socket) {
    super(SOCKET_RIGHTS);
    this.#socket = socket;
    this.#attend(socket);
  }

  /** The connection; or what may become one. */
  protected get socket(): Socket {
    return this.#socket;
  }

  /** Takes `socket` in place of one that came to nothing. */
  protected replace(socket: Socket): void {
    this.#socket.destroy();
    this.#socket = socket;
    this.#error = undefined;
    this.#readClosed = false;
    this.#attend(socket);
  }

  override read(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    let copied = 0;
    for (const buffer of buffers) {
      const part = this.#take(buffer.length);
      if (part === undefined) break;
      buffer.set(part);
      copied += part.length;
      if (part.length < buffer.length) break;
    }
    return copied > 0 || buffers.length === 0 ? copied : this.#nothingToRead();
  }

  /** As {@link read}, but what was read stays to be read again. */
  peek(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    const length = this.read(buffers);
    if (length <= 0) return length;
    let left = length;
    const again: Uint8Array[] = [];
    for (const buffer of buffers) {
      again.push(buffer.slice(0, left));
      left -= Math.min(left, buffer.length);
    }
    this.#socket.unshift(Buffer.concat(again));
    return length;
  }

  override write(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    if (this.#error !== undefined) return fail(this.#error === ERRNO.CONNRESET ? ERRNO.PIPE : this.#error);
    if (!this.#socket.writable) return fail(ERRNO.PIPE);
    if (this.#socket.writableNeedDrain) return WOULD_BLOCK;
    const chunk = Buffer.concat(buffers);
    if (chunk.length > 0) this.#socket.write(chunk);
    return chunk.length;
  }

  /** `sock_shutdown`. */
  shutdown(reading: boolean, writing: boolean): void {
    if (this.#socket.destroyed) fail(ERRNO.NOTCONN);
    if (reading) this.#readClosed = true;
    if (writing) this.#socket.end();
  }

  override ready(direction: Direction): Readiness | undefined {
    const socket = this.#socket;
    const gone = this.#error !== undefined || socket.destroyed;
    if (direction === "write") {
      if (gone || !socket.writable) return { bytes: 0, hangup: true };
      return socket.writableNeedDrain ? undefined : { bytes: 65_536, hangup: false };
    }
    const bytes = socket.readableLength;
    const ended = this.#readClosed || socket.readableEnded || !socket.readable;
    return bytes > 0 || gone || ended ? { bytes, hangup: bytes === 0 } : this.#ended();
  }

  override onReady(direction: Direction, wake: () => void): () => void {
    for (const event of EVENTS[direction]) this.#socket.on(event, wake);
    return () => {
      for (const event of EVENTS[direction]) this.#socket.off(event, wake);
    };
  }

  override close(): void {
    // What the guest wrote is still sent, but a peer that takes nothing does not keep the socket.
    this.#socket.setTimeout(LINGER, () => this.#socket.destroy());
    this.#socket.destroySoon();
  }

  #attend(socket: Socket): void {
    socket.on("error", (error) => {
      if (socket === this.#socket) this.#error = errnoOf(error, ERRNO.CONNRESET);
    });
    // A listener for it is what makes node read ahead.
    socket.on("readable", () => {});
    // A guest may wait for one socket by as many subscriptions as it likes.
    socket.setMaxListeners(0);
  }

  #take(length: number): Buffer | undefined {
    if (this.#readClosed) return undefined;
    const available = Math.min(length, this.#socket.readableLength);
    const chunk: unknown = this.#socket.read(available === 0 ? undefined : available);
    if (!Buffer.isBuffer(chunk)) return undefined;
    if (chunk.length <= length) return chunk;
    this.#socket.unshift(chunk.subarray(length));
    return chunk.subarray(0, length);
  }

  #nothingToRead(): number {
    if (this.#readClosed || this.#socket.readableEnded) return 0;
    if (this.#error !== undefined) return fail(this.#error);
    return this.#socket.destroyed ? 0 : WOULD_BLOCK;
  }

  #ended(): undefined {
    // Asking for nothing is what lets node notice the end of an empty stream.
    this.#socket.read(0);
    return undefined;
  }
}
