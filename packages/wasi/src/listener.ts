import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

import { KrustletError } from "@krustlet/interface";

/** A socket that was bound and listens already; made by {@link openListener}. */
export interface PreopenedListener extends AsyncDisposable {
  readonly name: string;
  /** Every address that it listens on, with the ports that port 0 became. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  /** How many connections wait to be accepted. */
  readonly waiting: number;
  readonly closed: boolean;
  /** The next connection that waits, if one does; the caller owns it. */
  accept(): Socket | undefined;
  /** Calls `wake` once a connection waits; the result cancels it. */
  onConnection(wake: () => void): () => void;
  /** Stops listening and drops the connections that wait. Idempotent. */
  close(): void;
}

/** What {@link openListener} binds; a `ListenSocket` of the interface is one. */
export interface ListenerInit {
  readonly name: string;
  /** Every address that leads to this one socket; port 0 is any free port. */
  readonly binds: readonly { readonly address: string; readonly port: number }[];
}

// As many as a kernel's backlog usually holds; more are refused by closing them.
const BACKLOG = 1024;

function listen(
  address: string,
  port: number,
  name: string,
  connected: (socket: Socket) => void,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, connected);
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" ? "AddressInUse" : "StartFailed";
      const why =
        cause.code === "EADDRINUSE"
          ? "is already in use"
          : `cannot be listened on: ${cause.code ?? cause.message}`;
      reject(new KrustletError(code, `port "${name}": ${address}:${port} ${why}`, { cause }));
    });
    server.listen({ host: address, port, backlog: BACKLOG }, () => resolve(server));
  });
}

/**
 * Binds and listens, so that a guest can be given the socket. The caller owns it until it hands it to a guest.
 * @throws KrustletError `AddressInUse`, `StartFailed`; then nothing is bound.
 */
export async function openListener({ name, binds }: ListenerInit): Promise<PreopenedListener> {
  const servers: Server[] = [];
  const waiting: Socket[] = [];
  const wakes = new Set<() => void>();
  const connected = (socket: Socket): void => {
    // Until the guest takes it, an error of the connection is nobody's business.
    socket.on("error", () => {});
    if (waiting.length >= BACKLOG) {
      socket.destroy();
      return;
    }
    waiting.push(socket);
    for (const wake of wakes) wake();
  };
  let closed = false;
  const close = (): void => {
    closed = true;
    for (const server of servers.splice(0)) server.close();
    for (const socket of waiting.splice(0)) socket.destroy();
  };
  try {
    for (const { address, port } of binds) servers.push(await listen(address, port, name, connected));
  } catch (error) {
    close();
    throw error;
  }
  const addresses = servers.map((server) => {
    const { address, port } = server.address() as AddressInfo;
    return { address, port };
  });
  return {
    name,
    addresses,
    get waiting() {
      return waiting.length;
    },
    get closed() {
      return closed;
    },
    accept: () => waiting.shift(),
    onConnection(wake) {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
    close,
    async [Symbol.asyncDispose]() {
      const ended = servers.map((server) => new Promise((resolve) => server.once("close", resolve)));
      close();
      await Promise.all(ended);
    },
  };
}
