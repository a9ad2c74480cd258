import type { Socket } from "node:net";

/** A socket that was bound and listens already; made by `openListener`. */
export interface PreopenedListener extends AsyncDisposable {
  readonly name: string;
  /** Every address that it listens on, with the ports that port 0 became. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  /** The next connection that waits, if one does; the caller owns it. */
  accept(): Socket | undefined;
  /** Calls `wake` once, as soon as a connection waits or the listener is closed; the result cancels it. */
  onConnection(wake: () => void): () => void;
  /** Stops listening and drops the connections that wait. Idempotent. */
  close(): void;
}
