import type { IncomingMessage, ServerResponse } from "node:http";

import { answerText } from "./answer.ts";
import type { RequestPath } from "./parse-request-path.ts";
import { parseRequestPath } from "./parse-request-path.ts";
import { isRefusal } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import { routeOf } from "./route.ts";
import type { Route } from "./route.ts";

/** Decides whether a request may be served at all. */
export type Admit = (message: IncomingMessage, path: RequestPath | undefined) => Promise<Refusal | undefined>;

/** How {@link createRequestHandler} serves. */
export interface RequestHandlerInit {
  readonly routes: readonly Route[];
  /** Default: everything may be served. */
  readonly admit?: Admit;
  /** Ends whatever is being served. */
  readonly signal: AbortSignal;
  /** Told of each request: its method and the path's first segment; what it gives, of its end. */
  readonly onRequest?: (method: string, segment: string) => (() => void) | undefined;
  readonly onWarning?: (message: string) => void;
}

/** Serves the requests of a Node HTTP server by a table of routes. Nothing that a route throws gets past it. */
export function createRequestHandler(
  init: RequestHandlerInit,
): (message: IncomingMessage, response: ServerResponse) => void {
  const { routes, admit, signal, onRequest, onWarning } = init;

  const serve = async (
    message: IncomingMessage,
    response: ServerResponse,
    path: RequestPath | undefined,
    gone: AbortSignal,
  ): Promise<void> => {
    const refusal = await admit?.(message, path);
    if (refusal !== undefined) return refuse(response, refusal);
    if (path === undefined) return refuse(response, { status: 400, text: "400 Bad Request: invalid path\n" });
    const match = routeOf(routes, message.method ?? "", path.segments);
    if (isRefusal(match)) return refuse(response, match);
    const { route, parameters } = match;
    const refused = await route.serve({ parameters, query: path.query, message, signal: gone }, response);
    if (refused !== undefined) refuse(response, refused);
  };

  return (message, response) => {
    const leaving = new AbortController();
    const leave = (): void => leaving.abort();
    signal.addEventListener("abort", leave);
    const path = parseRequestPath(message.url ?? "");
    const ended = onRequest?.(message.method ?? "", path?.segments[0] ?? "");
    response.once("close", () => {
      ended?.();
      signal.removeEventListener("abort", leave);
      leave();
    });
    // Nothing here reads a body; whoever sends one has to begin anew.
    if (hasBody(message)) response.setHeader("Connection", "close");
    serve(message, response, path, leaving.signal).catch((error: unknown) => {
      if (leaving.signal.aborted) return void response.destroy();
      onWarning?.(`${message.method} ${message.url?.slice(0, 200)} failed: ${String(error)}`);
      if (response.headersSent) response.destroy();
      else refuse(response, { status: 500, text: "500 Internal Server Error\n" });
    });
  };
}

function refuse(response: ServerResponse, { status, text }: Refusal): void {
  answerText(response, status, text);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}
