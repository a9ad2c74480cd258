import { chmod, lstat, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Server as SocketServer, Socket } from "node:net";
import { join } from "node:path";

import { KrustletError } from "@krustlet/interface";

import { loadPluginApi } from "./load-plugin-api.ts";
import type { RegisterRequest } from "./messages.ts";
import { KUBELET_SOCKET } from "./registration-of.ts";

/** What {@link listenForPlugins} needs. */
export interface ListenInit {
  readonly directory: string;
  /** Told each plugin that registers; where it throws, the plugin is told why. */
  readonly onRegister: (request: RegisterRequest) => void;
  readonly onWarning: (message: string) => void;
}

/** As many may register at the same time. */
const MOST_CONNECTIONS = 64;
const IDLE_MS = 30_000;
/** What a socket's path may be long, on Linux. */
const LONGEST_PATH = 107;

/**
 * Listens where device plugins register. The socket is a new one each time, which tells plugins that are there to
 * register again. gRPC is loaded for the first that does. Disposing closes and removes the socket.
 * @throws KrustletError `AddressInUse` where another kubelet has it, `InvalidField` for a path that no socket can have;
 * errors of the file system as they are.
 */
export async function listenForPlugins(init: ListenInit): Promise<AsyncDisposable> {
  const path = join(init.directory, KUBELET_SOCKET);
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new KrustletError(
      "InvalidField",
      `The directory of device plugins is too deep: a socket's path has at most ${LONGEST_PATH} bytes, and ${path} more; ` +
        `set --device-plugins-dir.`,
    );
  }
  await removeStale(path);
  const open = new Set<Socket>();
  const serving = lazily(() => serve(init));
  const server = createServer((socket) => {
    open.add(socket);
    // Whoever breaks off says nothing that matters.
    socket.on("error", () => undefined);
    socket.once("close", () => open.delete(socket));
    void serving.get().then(
      (begun) => begun.inject(socket),
      (error: unknown) => {
        socket.destroy();
        init.onWarning(`device plugins cannot register: ${String(error)}`);
      },
    );
  });
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, path);
  await chmod(path, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await serving.begun?.then((begun) => begun.close()).catch(() => undefined);
      await closed;
      await rm(path, { force: true });
    },
  };
}

interface Serving {
  inject(socket: Socket): void;
  close(): void;
}

async function serve({ onRegister, onWarning }: ListenInit): Promise<Serving> {
  const { grpc, registration } = await loadPluginApi();
  const server = new grpc.Server({
    "grpc.max_receive_message_length": 64 * 1024,
    "grpc.max_connection_idle_ms": IDLE_MS,
    "grpc.max_concurrent_streams": 16,
    "grpc.enable_channelz": 0,
  });
  server.addService(
    { Register: registration.Register },
    {
      Register: (
        { request }: { readonly request: RegisterRequest },
        done: (error: { readonly code: number; readonly details: string } | null, answer?: object) => void,
      ) => {
        try {
          onRegister(request);
          done(null, {});
        } catch (error) {
          const details = error instanceof Error ? error.message : String(error);
          onWarning(details);
          done({ code: grpc.status.INVALID_ARGUMENT, details });
        }
      },
    },
  );
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  return {
    inject: (socket) => injector.injectConnection(socket),
    close: () => {
      injector.destroy();
      server.forceShutdown();
    },
  };
}

function lazily<T>(make: () => Promise<T>): { get(): Promise<T>; readonly begun: Promise<T> | undefined } {
  let begun: Promise<T> | undefined;
  return {
    get: () => (begun ??= make()),
    get begun() {
      return begun;
    },
  };
}

function listen(server: SocketServer, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Removes a socket that nobody listens on any more. */
async function removeStale(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new KrustletError("AddressInUse", `${path} is no socket; device plugins cannot register there.`);
  }
  if (await isAnswered(path)) {
    throw new KrustletError(
      "AddressInUse",
      `Another kubelet takes device plugins at ${path}; set --device-plugins-dir to a directory of this node's own.`,
    );
  }
  await rm(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const tell = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => tell(true));
    socket.once("error", () => tell(false));
  });
}
