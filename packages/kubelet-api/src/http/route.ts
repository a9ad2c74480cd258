import type { IncomingMessage, ServerResponse } from "node:http";

import type { Refusal } from "./refusal.ts";

/** A request that may be served: it is known who asks, and they may. */
interface ApiRequest {
  /** What stood in the path in the places of the route's parameters, in their order. Hostile. */
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  readonly message: IncomingMessage;
  /** Aborted when the client has gone, or the server stops. */
  readonly signal: AbortSignal;
}

/** Answers a request. A refusal is for what was found out before anything was written; what it throws becomes 500. */
type Serve = (request: ApiRequest, response: ServerResponse) => Promise<Refusal | undefined>;

/** One thing that the API serves. */
export interface Route {
  readonly methods: readonly string[];
  /** Segments; one that begins with a colon stands for any. */
  readonly path: readonly string[];
  readonly serve: Serve;
}

/** What a table of routes says of a path. */
export interface RouteMatch {
  readonly route: Route;
  readonly parameters: readonly string[];
}

/** The route for a method and a path, or why there is none. */
export function routeOf(
  routes: readonly Route[],
  method: string,
  segments: readonly string[],
): RouteMatch | Refusal {
  const matches = routes.filter(({ path }) => isMatch(path, segments));
  const route = matches.find(({ methods }) => methods.includes(method));
  if (route !== undefined) {
    return { route, parameters: segments.filter((_, index) => isParameter(route.path[index])) };
  }
  return matches.length === 0
    ? { status: 404, text: "404 page not found\n" }
    : { status: 405, text: "405: Method Not Allowed\n" };
}

function isMatch(path: readonly string[], segments: readonly string[]): boolean {
  return (
    path.length === segments.length && path.every((each, at) => isParameter(each) || each === segments[at])
  );
}

function isParameter(segment: string | undefined): boolean {
  return segment?.startsWith(":") === true;
}
