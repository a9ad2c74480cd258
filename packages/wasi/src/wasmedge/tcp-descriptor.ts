import { Socket } from "node:net";

import { WOULD_BLOCK } from "../descriptors/descriptor.ts";
import type { Direction, Readiness } from "../descriptors/descriptor.ts";
import { SocketDescriptor } from "../descriptors/socket-descriptors.ts";
import { ERRNO, errnoOf, fail } from "../errno.ts";
import { RIGHTS, SOCKET_RIGHTS } from "../rights.ts";
import { anyAddress, canonicalAddress } from "./socket-address.ts";
import type { Endpoint, Family } from "./socket-address.ts";
import { SocketOptions } from "./socket-options.ts";
import { TcpListener } from "./tcp-listener.ts";
import type { BoundListener, WaitingBudget } from "./tcp-listener.ts";

const CONNECTING = ["connect", "error", "close"] as const;
const MAX_BACKLOG = 1024;

const fresh = (): Socket => new Socket({ allowHalfOpen: true });

/** A TCP socket that a guest opened or accepted: unbound, bound, listening, connecting or connected. */
export class TcpDescriptor extends SocketDescriptor {
  readonly family: Family;
  readonly options: SocketOptions = new SocketOptions();
  #phase: "idle" | "connecting" | "connected" | "failed" = "idle";
  #listener: BoundListener | undefined;
  #listening = false;
  #closed = false;
  #pending = 0;
  #local: Endpoint | undefined;
  #peer: Endpoint | undefined;

  /** `connection`: one that was accepted. */
  constructor(family: Family, connection?: Socket) {
    super(connection ?? fresh());
    this.rights = SOCKET_RIGHTS | RIGHTS.SOCK_ACCEPT;
    this.family = family;
    this.#watch(this.socket);
    if (connection !== undefined) this.#connected();
  }

  get listening(): boolean {
    return this.#listening;
  }

  get connecting(): boolean {
    return this.#phase === "connecting";
  }

  /** The errno of what happened since it was last asked. */
  takeError(): number {
    const errno = this.#pending;
    this.#pending = 0;
    return errno;
  }

  get local(): Endpoint {
    return this.#local ?? this.#listener?.local ?? { address: anyAddress(this.family), port: 0 };
  }

  /** Undefined: not connected. */
  get peer(): Endpoint | undefined {
    return this.#phase === "connected" ? this.#peer : undefined;
  }

  /** Binds; connections from any address but `onlyPeer`, where that is given, are reset. */
  async bind(wanted: Endpoint, budget: WaitingBudget, onlyPeer?: string): Promise<void> {
    this.#requireUnbound();
    const listener = await TcpListener.bind(wanted, budget, onlyPeer);
    if (this.#closed) listener.close();
    else this.#listener = listener;
  }

  /** Is bound by a listener that is there; it is this descriptor's from now on. */
  adopt(listener: BoundListener): void {
    this.#requireUnbound();
    this.#listener = listener;
  }

  /** Whether it has to be bound before it can listen. */
  get bound(): boolean {
    return this.#listener !== undefined;
  }

  listen(backlog: number): void {
    if (this.#phase !== "idle" || this.#listener === undefined) return fail(ERRNO.INVAL);
    this.#listening = true;
    this.#listener.listen(Math.min(Math.max(backlog, 1), MAX_BACKLOG));
  }

  accept(): Socket | undefined {
    return this.#listening ? this.#listener?.accept() : fail(ERRNO.INVAL);
  }

  /** Begins to connect; {@link ready} for writing tells when that has come to an end, {@link takeError} to which. */
  connect({ address, port }: Endpoint, source: string | undefined): void {
    if (this.#phase === "connected") fail(ERRNO.ISCONN);
    if (this.#phase === "connecting") fail(ERRNO.ALREADY);
    if (this.#listening) fail(ERRNO.INVAL);
    if (this.#phase === "failed") this.#renew(this.takeError());
    const bound = this.#listener?.local;
    this.#listener?.close();
    this.#listener = undefined;
    this.#local = bound;
    const any = bound === undefined || bound.address === anyAddress(this.family);
    this.#phase = "connecting";
    this.#pending = 0;
    const { socket } = this;
    socket.once("connect", () => {
      if (socket === this.socket && this.#phase === "connecting") this.#connected();
    });
    socket.setNoDelay(true);
    socket.connect({
      host: address,
      port,
      localAddress: any ? source : bound.address,
      localPort: bound?.port,
    });
  }

  setKeepAlive(on: boolean): void {
    this.socket.setKeepAlive(on);
  }

  override waitLimit(direction: Direction): number | undefined {
    return this.options.limit(direction);
  }

  override read(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    return this.#established("read") ? super.read(buffers) : WOULD_BLOCK;
  }

  override write(buffers: readonly Uint8Array<ArrayBuffer>[]): number {
    return this.#established("write") ? super.write(buffers) : WOULD_BLOCK;
  }

  override shutdown(reading: boolean, writing: boolean): void {
    if (this.#phase === "connected") super.shutdown(reading, writing);
    else if (!this.#listening || !reading) fail(ERRNO.NOTCONN);
    else {
      this.#listening = false;
      this.#listener?.close();
      this.#listener = undefined;
    }
  }

  override ready(direction: Direction): Readiness | undefined {
    if (this.#phase === "connected") return super.ready(direction);
    if (this.#phase === "connecting") return undefined;
    if (!this.#listening) return { bytes: 0, hangup: true };
    const waiting = direction === "read" ? (this.#listener?.waiting ?? 0) : 0;
    return waiting > 0 ? { bytes: waiting, hangup: false } : undefined;
  }

  override onReady(direction: Direction, wake: () => void): () => void {
    if (this.#listening) {
      return direction === "read" ? (this.#listener?.onConnection(wake) ?? (() => {})) : () => {};
    }
    if (this.#phase !== "connecting") return super.onReady(direction, wake);
    const { socket } = this;
    for (const event of CONNECTING) socket.on(event, wake);
    return () => {
      for (const event of CONNECTING) socket.off(event, wake);
    };
  }

  override close(): void {
    this.#closed = true;
    this.#listener?.close();
    const { socket } = this;
    if (this.#phase !== "connected") socket.destroy();
    else if (this.options.linger === 0) socket.resetAndDestroy();
    else super.close();
  }

  #requireUnbound(): void {
    if (this.#listener !== undefined || this.#phase !== "idle") fail(ERRNO.INVAL);
  }

  #established(direction: Direction): boolean {
    if (this.#phase === "connected") return true;
    if (this.#phase === "connecting") return false;
    return fail(this.takeError() || (direction === "write" && !this.#listening ? ERRNO.PIPE : ERRNO.NOTCONN));
  }

  #connected(): void {
    const { localAddress, localPort, remoteAddress, remotePort } = this.socket;
    this.#phase = "connected";
    // A connection can be over before it is accepted; then it has no addresses any more.
    if (localAddress !== undefined)
      this.#local = { address: canonicalAddress(localAddress), port: localPort ?? 0 };
    this.#peer =
      remoteAddress === undefined
        ? undefined
        : { address: canonicalAddress(remoteAddress), port: remotePort ?? 0 };
  }

  /** Linux lets a socket whose connecting has failed try again, once that was told; node does not. */
  #renew(untold: number): void {
    if (untold !== 0) fail(untold);
    this.replace(fresh());
    this.#watch(this.socket);
    this.#phase = "idle";
  }

  #watch(socket: Socket): void {
    socket.on("error", (error) => {
      if (socket !== this.socket) return;
      this.#pending = errnoOf(error, ERRNO.CONNRESET);
      if (this.#phase === "connecting") this.#phase = "failed";
    });
  }
}
