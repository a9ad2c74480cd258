import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

import { canonicalAddress } from "./socket-address.ts";
import type { Endpoint } from "./socket-address.ts";

/** Connections that wait on all listeners of a guest together: each holds a descriptor of the host. */
export interface WaitingBudget {
  left: number;
}

/** A TCP socket that is bound, and may listen. */
export interface BoundListener {
  readonly local: Endpoint;
  /** How many connections wait to be accepted. */
  readonly waiting: number;
  /** Lets so many connections wait; 0: none any more. */
  listen(backlog: number): void;
  /** The next connection that waits, if one does; the caller owns it. */
  accept(): Socket | undefined;
  /** Calls `wake` once a connection waits; the result cancels it. */
  onConnection(wake: () => void): () => void;
  /** Frees the port and drops the connections that wait. Idempotent. */
  close(): void;
}

// What the kernel holds for node, which accepts at once.
const KERNEL_BACKLOG = 511;

/**
 * A bound TCP socket. Node cannot bind without listening, so until the guest listens, who connects is refused by a
 * reset.
 */
export class TcpListener implements BoundListener {
  readonly local: Endpoint;
  readonly #server: Server;
  readonly #budget: WaitingBudget;
  readonly #onlyPeer: string | undefined;
  readonly #waiting: Socket[] = [];
  readonly #wakes = new Set<() => void>();
  #backlog = 0;

  private constructor(server: Server, budget: WaitingBudget, onlyPeer: string | undefined) {
    this.#server = server;
    this.#budget = budget;
    this.#onlyPeer = onlyPeer;
    const { address, port } = server.address() as AddressInfo;
    this.local = { address: canonicalAddress(address), port };
    server.on("connection", (socket: Socket) => this.#connected(socket));
    // A connection that could not be accepted is the peer's trouble.
    server.on("error", () => {});
  }

  /**
   * Binds. Connections from any address but `onlyPeer`, where that is given, are reset. The caller owns the result; rejects
   * with the system's error.
   */
  static bind({ address, port }: Endpoint, budget: WaitingBudget, onlyPeer?: string): Promise<TcpListener> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
      server.once("error", reject);
      server.listen({ host: address, port, backlog: KERNEL_BACKLOG, exclusive: true }, () => {
        server.off("error", reject);
        resolve(new TcpListener(server, budget, onlyPeer));
      });
    });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  listen(backlog: number): void {
    this.#backlog = backlog;
  }

  accept(): Socket | undefined {
    const socket = this.#waiting.shift();
    if (socket !== undefined) this.#budget.left++;
    return socket;
  }

  onConnection(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  close(): void {
    this.#server.close();
    this.#budget.left += this.#waiting.length;
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  #connected(socket: Socket): void {
    // Until the guest takes it, an error of the connection is nobody's business.
    socket.on("error", () => {});
    const foreign = this.#onlyPeer !== undefined && !comesFrom(socket, this.#onlyPeer);
    if (foreign || this.#waiting.length >= this.#backlog || this.#budget.left <= 0) {
      socket.resetAndDestroy();
      return;
    }
    this.#budget.left--;
    this.#waiting.push(socket);
    for (const wake of this.#wakes) wake();
  }
}

function comesFrom({ remoteAddress }: Socket, address: string): boolean {
  return remoteAddress !== undefined && canonicalAddress(remoteAddress) === address;
}
