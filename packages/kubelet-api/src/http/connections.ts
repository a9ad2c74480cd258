import type { Socket } from "node:net";

/** The connections of a server, and which of them nobody is known behind. */
export interface Connections {
  /** A new one, which is a stranger's until {@link Connections.known} says otherwise. */
  add(socket: Socket): void;
  /** Somebody who may come in has shown himself on the connection that these are the ends of. */
  known(ends: ConnectionEnds): void;
  closeAll(): void;
}

/** What tells a connection from others, on the TCP socket as on the TLS socket above it. */
type ConnectionEnds = Pick<Socket, "remoteAddress" | "remotePort" | "localAddress" | "localPort">;

/**
 * Keeps at most `strangers` connections on which nobody has shown who he is: one more closes the oldest, so that whoever
 * opens many keeps out nobody but himself.
 */
export function trackConnections(strangers: number): Connections {
  const open = new Set<Socket>();
  const unknown = new Map<string, Socket>();
  return {
    add: (socket) => {
      const name = nameOf(socket);
      open.add(socket);
      unknown.set(name, socket);
      socket.once("close", () => {
        open.delete(socket);
        if (unknown.get(name) === socket) unknown.delete(name);
      });
      for (const [, oldest] of unknown) {
        if (unknown.size <= strangers) break;
        unknown.delete(nameOf(oldest));
        oldest.destroy();
      }
    },
    known: (ends) => void unknown.delete(nameOf(ends)),
    closeAll: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

function nameOf({ remoteAddress, remotePort, localAddress, localPort }: ConnectionEnds): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
