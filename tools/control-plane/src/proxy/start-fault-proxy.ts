import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request as httpsRequest } from "node:https";
import type { Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ClusterAddress } from "../open-cluster.ts";
import { clusterFilesOf, readKeyPair } from "../pki/cluster-files.ts";
import type { ActiveRule, FaultRule, SeenRequest } from "./fault-rules.ts";
import { buildStatus, FaultRules } from "./fault-rules.ts";
import type { Identity } from "./front-proxy-headers.ts";
import { frontProxyHeaders, identityOf } from "./front-proxy-headers.ts";

/** A request that was answered, or not. */
export interface RecordedRequest extends SeenRequest {
  /** The status of the answer, once there was one. */
  readonly status?: number;
}

/** A proxy before a real API server, whose users keep their names. Disposing closes it and all that goes through it. */
export interface FaultProxy extends AsyncDisposable {
  /** What a kubeconfig names instead of the API server: `cluster.nodeKubeconfig(name, { server: proxy.server })`. */
  readonly server: string;
  /** Every request so far, in the order in which they came. */
  readonly requests: readonly RecordedRequest[];
  /** Puts a rule into force. Requests that are under way are not touched. */
  rule(rule: FaultRule): ActiveRule;
  /** Breaks the connections of all watches that are open; how many. */
  cutWatches(): number;
  /** The watches that are open stay open, and nothing comes any more; how many. */
  silenceWatches(): number;
  /** As if the API server were not there: all connections break, new ones are refused. */
  down(): Promise<void>;
  /** Ends {@link down}, on the same port. */
  up(): Promise<void>;
}

/**
 * Starts the proxy on a free port of loopback. It ends TLS with a certificate of the cluster's authority, and passes on
 * who the client is by the API server's front-proxy authentication, so that nodes and people have their own rights; a
 * token is passed on as it is. Speaks HTTP/1.1; a client whose certificate is not valid gets 401.
 */
export async function startFaultProxy({ server: target, directory }: ClusterAddress): Promise<FaultProxy> {
  const ca = await readFile(clusterFilesOf(directory).pki("ca.crt"), "utf8");
  const own = await readKeyPair(directory, "loopback");
  const front = await readKeyPair(directory, "front-proxy-client");
  const agents = {
    named: new Agent({ keepAlive: true, ca, cert: front.certificate, key: front.key }),
    asTheyAre: new Agent({ keepAlive: true, ca }),
  };
  const rules = new FaultRules();
  const requests: { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] }[] = [];
  const watches = new Map<ServerResponse, IncomingMessage>();
  const sockets = new Set<Socket>();

  const pass = (
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity | undefined,
    answered: (answer: IncomingMessage) => void,
  ): void => {
    const upstream = httpsRequest(
      `${target}${request.url ?? "/"}`,
      {
        method: request.method,
        headers: frontProxyHeaders(request.headers, identity),
        agent: identity === undefined ? agents.asTheyAre : agents.named,
      },
      answered,
    );
    // An API server that goes away takes the connection with it.
    upstream.once("error", () => response.destroy());
    response.once("close", () => upstream.destroy());
    request.pipe(upstream);
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const socket = request.socket as TLSSocket;
    const identity = identityOf(socket.getPeerCertificate());
    const url = new URL(request.url ?? "/", target);
    const seen: (typeof requests)[number] = {
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      watch: ["1", "true"].includes(url.searchParams.get("watch") ?? ""),
      ...(identity === undefined ? {} : { user: identity.user }),
    };
    requests.push(seen);
    const say = (status: number, message: string, headers: Record<string, string> = {}): void => {
      seen.status = status;
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(buildStatus(status, message)));
    };
    if (identity !== undefined && !socket.authorized) return say(401, "Unauthorized");

    const fault = rules.faultOf(seen);
    if (fault?.kind === "stall") return;
    if (fault?.kind === "cut" && fault.when === "before") return void socket.destroy();
    if (fault?.kind === "answer") {
      const { status, retryAfterSeconds, message = "a fault that a test asked for" } = fault;
      return say(
        status,
        message,
        retryAfterSeconds === undefined ? {} : { "retry-after": `${retryAfterSeconds}` },
      );
    }
    if (fault?.kind === "delay") await delay(fault.ms, response);
    if (response.destroyed) return;
    pass(request, response, identity, (answer) => {
      seen.status = answer.statusCode;
      if (fault?.kind === "cut") {
        answer.resume();
        answer.once("end", () => socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // A watch that has nothing to tell yet has begun all the same.
      response.flushHeaders();
      answer.pipe(response);
      answer.once("error", () => response.destroy());
      if (!seen.watch) return;
      watches.set(response, answer);
      response.once("close", () => watches.delete(response));
    });
  };

  const listen = async (port: number): Promise<Server> => {
    const server = createServer(
      { cert: own.certificate, key: own.key, ca, requestCert: true, rejectUnauthorized: false },
      (request, response) => void serve(request, response),
    );
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  const close = async (server: Server): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  let server: Server | undefined = await listen(0);
  const { port } = server.address() as AddressInfo;
  const down = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (closing !== undefined) await close(closing);
  };

  return {
    server: `https://127.0.0.1:${port}`,
    requests,
    rule: (rule) => rules.add(rule),
    cutWatches: () => each(watches, ([response]) => response.destroy()),
    silenceWatches: () => each(watches, ([response, answer]) => answer.unpipe(response).pause()),
    down,
    up: async () => void (server ??= await listen(port)),
    [Symbol.asyncDispose]: async () => {
      await down();
      agents.named.destroy();
      agents.asTheyAre.destroy();
    },
  };
}

function each<T>(things: Iterable<T>, act: (thing: T) => void): number {
  const all = [...things];
  for (const thing of all) act(thing);
  return all.length;
}

/** Waits, but no longer than whoever is to be answered. */
function delay(ms: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
