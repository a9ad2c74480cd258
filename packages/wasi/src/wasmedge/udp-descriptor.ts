import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";

import { Descriptor, WOULD_BLOCK } from "../descriptors/descriptor.ts";
import type { Direction, Readiness } from "../descriptors/descriptor.ts";
import { ERRNO, errnoOf, fail } from "../errno.ts";
import { FILETYPE } from "../filestat.ts";
import { SOCKET_RIGHTS } from "../rights.ts";
import { anyAddress, canonicalAddress, isIpv4 } from "./socket-address.ts";
import type { Endpoint, Family } from "./socket-address.ts";
import { OPTION, SocketOptions } from "./socket-options.ts";

// As a kernel's buffer: what comes when it is full is lost.
const MAX_QUEUED_BYTES = 262_144;
const MAX_QUEUED = 1024;

interface Datagram {
  readonly data: Uint8Array;
  readonly from: Endpoint;
}

/** What one receiving gave. */
export interface Received {
  readonly length: number;
  readonly truncated: boolean;
  readonly from: Endpoint;
}

function finished(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
}

/** A UDP socket that a guest opened. */
export class UdpDescriptor extends Descriptor {
  readonly filetype: number = FILETYPE.SOCKET_DGRAM;
  readonly family: Family;
  readonly options: SocketOptions = new SocketOptions();
  readonly #wakes = new Set<() => void>();
  #queue: Datagram[] = [];
  #queued = 0;
  #socket: Socket | undefined;
  #type: "udp4" | "udp6" = "udp4";
  #peer: Endpoint | undefined;
  #closed = false;
  #readClosed = false;
  #pending = 0;

  constructor(family: Family) {
    super(SOCKET_RIGHTS);
    this.family = family;
  }

  readonly listening = false;

  /** The errno of what happened since it was last asked. */
  takeError(): number {
    const errno = this.#pending;
    this.#pending = 0;
    return errno;
  }

  get local(): Endpoint {
    if (this.#socket === undefined) return { address: anyAddress(this.family), port: 0 };
    const { address, port } = this.#socket.address();
    return { address: canonicalAddress(address), port };
  }

  /** Undefined: not connected. */
  get peer(): Endpoint | undefined {
    return this.#peer;
  }

  get bound(): boolean {
    return this.#socket !== undefined;
  }

  /** Datagrams from any address but `onlyPeer`, where that is given, are lost. */
  async bind({ address, port }: Endpoint, onlyPeer?: string): Promise<void> {
    if (this.#socket !== undefined) fail(ERRNO.INVAL);
    this.#type = isIpv4(address) ? "udp4" : "udp6";
    const socket = createSocket({
      type: this.#type,
      reuseAddr: this.options.has(OPTION.REUSEADDR),
      // Names are never looked up here, and addresses need not be.
      lookup: (host, _options, done) => done(null, host, isIpv4(host) ? 4 : 6),
    });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind({ address, port, exclusive: true }, () => resolve());
      });
    } catch (error) {
      socket.close();
      throw error;
    }
    if (this.#closed) {
      socket.close();
      return;
    }
    socket.removeAllListeners("error");
    socket.on("error", (error) => this.#failed(errnoOf(error)));
    socket.on("message", (data, { address: from, port: fromPort }) => {
      const peer = { address: canonicalAddress(from), port: fromPort };
      if (onlyPeer === undefined || peer.address === onlyPeer) this.#arrived(data, peer);
    });
    this.#socket = socket;
    if (this.options.has(OPTION.BROADCAST)) socket.setBroadcast(true);
  }

  /** The only one that datagrams are sent to and come from. The socket has to be bound. */
  async connect(peer: Endpoint): Promise<void> {
    const socket = this.#socket ?? fail(ERRNO.INVAL);
    if (peer.port === 0) fail(ERRNO.ADDRNOTAVAIL);
    if (this.#peer !== undefined) socket.disconnect();
    this.#peer = undefined;
    await finished((done) => socket.connect(peer.port, this.#hostForm(peer.address), done));
    this.#peer = peer;
  }

  setBroadcast(on: boolean): void {
    this.#socket?.setBroadcast(on);
  }

  /** Sends one datagram. The socket has to be bound. */
  async send(buffers: readonly Uint8Array<ArrayBuffer>[], to?: Endpoint): Promise<number> {
    const socket = this.#socket ?? fail(ERRNO.DESTADDRREQ);
    if (to !== undefined && this.#peer !== undefined) fail(ERRNO.ISCONN);
    if (to === undefined && this.#peer === undefined) fail(ERRNO.DESTADDRREQ);
    if (to?.port === 0) fail(ERRNO.INVAL);
    // The guest's memory may change or move before it is sent.
    const data = Buffer.concat(buffers);
    await finished((done) => {
      if (to === undefined) socket.send(data, done);
      else socket.send(data, to.port, this.#hostForm(to.address), done);
    });
    return data.length;
  }

  /** The next datagram, if one is there; what of it `buffers` cannot hold is lost. */
  receive(buffers: readonly Uint8Array<ArrayBuffer>[], peek: boolean): Received | undefined {
    const errno = this.takeError();
    if (errno !== 0) fail(errno);
    const datagram = this.#queue[0];
    if (datagram === undefined) return undefined;
    let length = 0;
    for (const buffer of buffers) {
      const part = datagram.data.subarray(length, length + buffer.length);
      buffer.set(part);
      length += part.length;
    }
    if (!peek) {
      this.#queue.shift();
      this.#queued -= datagram.data.length;
    }
    return { length, truncated: length < datagram.data.length, from: datagram.from };
  }

  /** Nothing is received any more; what waits still is. */
  shutdown(reading: boolean): void {
    if (this.#peer === undefined) fail(ERRNO.NOTCONN);
    if (!reading) return;
    this.#readClosed = true;
    this.#wake();
  }

  override waitLimit(direction: Direction): number | undefined {
    return this.options.limit(direction);
  }

  override read(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    return this.receive(buffers, false)?.length ?? (this.#readClosed ? 0 : WOULD_BLOCK);
  }

  override write(buffers: readonly Uint8Array<ArrayBuffer>[]): Promise<number> {
    return this.send(buffers);
  }

  override ready(direction: Direction): Readiness | undefined {
    if (direction === "write") return { bytes: 65_507, hangup: false };
    const next = this.#queue[0];
    if (next !== undefined) return { bytes: Math.max(1, next.data.length), hangup: false };
    return this.#pending !== 0 || this.#readClosed ? { bytes: 0, hangup: true } : undefined;
  }

  override onReady(direction: Direction, wake: () => void): () => void {
    if (direction === "write") return super.onReady(direction, wake);
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  override close(): void {
    this.#closed = true;
    this.#socket?.close();
    this.#socket = undefined;
    this.#queue = [];
  }

  // A socket of IPv6 reaches IPv4 by mapped addresses.
  #hostForm(address: string): string {
    return this.#type === "udp6" && isIpv4(address) ? `::ffff:${address}` : address;
  }

  #arrived(data: Uint8Array, from: Endpoint): void {
    if (this.#queue.length >= MAX_QUEUED || this.#queued + data.length > MAX_QUEUED_BYTES) return;
    if (this.#readClosed) return;
    this.#queue.push({ data, from });
    this.#queued += data.length;
    this.#wake();
  }

  #failed(errno: number): void {
    this.#pending = errno;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
  }
}
