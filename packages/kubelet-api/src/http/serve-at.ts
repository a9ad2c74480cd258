import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";

import { KrustletError } from "@krustlet/interface";

/** Where a server listens, and how it ends. */
export interface ServeAtInit {
  readonly address: string;
  /** 0 for any. */
  readonly port: number;
  /** Who cannot listen, for the sentence: `The kubelet's API`. */
  readonly name: string;
  /** Aborted first when the server ends: whoever serves something for long stops. */
  readonly stopping: AbortController;
  /** Ends every connection there is. */
  readonly closeAll: () => void;
}

/** A running server. Disposing closes every connection and frees the port. */
export interface ServedAt extends AsyncDisposable {
  /** The port it listens at. */
  readonly port: number;
}

/** Lets a server listen; resolves when it does. @throws KrustletError `AddressInUse`. */
export async function serveAt(server: Server, init: ServeAtInit): Promise<ServedAt> {
  const { address, port, name, stopping, closeAll } = init;
  try {
    const listening = once(server, "listening");
    server.listen(port, address);
    await listening;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KrustletError("AddressInUse", `${name} cannot listen at ${address} port ${port}: ${why}.`, {
      cause: error,
    });
  }
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      const closed = once(server, "close");
      server.close();
      closeAll();
      await closed;
    },
  };
}
