import { constants } from "node:crypto";
import type { Server } from "node:https";

import type { KubeletApiInit, ServingTls } from "./kubelet-api-init.ts";

/** What a TLS server is made with: nothing older than TLS 1.2, and no client turned away for its certificate alone. */
export function contextOf({ key, cert, clientCa }: ServingTls): {
  readonly key: string;
  readonly cert: string;
  readonly ca: string[];
  readonly minVersion: "TLSv1.2";
  readonly secureOptions: number;
} {
  return {
    key,
    cert,
    // None, and not those that Node trusts by itself.
    ca: clientCa === undefined ? [] : [clientCa],
    minVersion: "TLSv1.2",
    // A session that is taken up again would be one of yesterday's authorities.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/**
 * Brings the server up to date at each new connection: what `tls` gives by then counts for it. What cannot be used is
 * told once, and the server goes on with what it had.
 */
export function renewContext(server: Server, { tls, onWarning }: KubeletApiInit): void {
  let current = tls();
  // Before the listener that begins the handshake.
  server.prependListener("connection", () => {
    try {
      const next = tls();
      if (next === current) return;
      current = next;
      server.setSecureContext(contextOf(next));
    } catch (error) {
      onWarning?.(
        `The new serving certificate of the kubelet's API cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
  });
}
