import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Server } from "node:net";

/** A request as it came. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A server on loopback that answers as a test says, to bring about what a real API server does only by chance. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
  /** How many connections were made. */
  readonly connections: () => number;
  /** Cuts every connection. */
  cut(): void;
}

type Answer = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void;

/** @param tls - HTTPS with HTTP/2 and 1.1, as an API server has it; else HTTP */
export async function startServer(
  answer: Answer,
  tls?: { key: string; cert: string; ca?: string; requestCert?: boolean },
): Promise<TestServer> {
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("error", () => undefined);
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, path: url, headers, body };
      asked.push(one);
      answer(one, response, request);
    });
  };
  const server: Server =
    tls === undefined
      ? createServer(listener)
      : createSecureServer({ ...tls, allowHTTP1: true, rejectUnauthorized: false }, listener as never);
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    asked,
    connections: () => connections,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A kubeconfig for a server, as a plain object. */
export function kubeconfigOf(
  server: string,
  user: object = {},
  cluster: object = {},
): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server, ...cluster } }],
    users: [{ name: "u", user }],
  };
}

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: object = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
