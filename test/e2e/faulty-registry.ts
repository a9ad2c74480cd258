import { createServer } from "node:http";
import type { Artifact } from "@krustlet/testkit";
import type { IncomingMessage, ServerResponse } from "node:http";

/** What a registry does wrong. Returns true when it has answered (or means not to). */
export type Fault = (request: IncomingMessage, response: ServerResponse, path: string) => boolean;

/** A registry on loopback that serves one artifact in every repository, and misbehaves. */
export interface FaultyRegistry extends AsyncDisposable {
  readonly host: string;
  /** `<method> <path>` of each request. */
  readonly requests: readonly string[];
}

/** Starts a registry that serves `artifact` but for its `fault`. */
export async function startFaultyRegistry(artifact: Artifact, fault: Fault): Promise<FaultyRegistry> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    requests.push(`${request.method} ${path}`);
    if (fault(request, response, path)) return;
    if (path.includes("/manifests/")) {
      response.setHeader("content-type", artifact.mediaType);
      response.setHeader("docker-content-digest", artifact.digest);
      response.end(request.method === "HEAD" ? undefined : artifact.manifest);
      return;
    }
    const blob = artifact.blobs.get(/\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path)?.[1] ?? "");
    if (blob !== undefined) {
      response.setHeader("content-length", blob.length);
      response.end(request.method === "HEAD" ? undefined : blob);
      return;
    }
    response.writeHead(path === "/v2/" ? 200 : 404).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: `127.0.0.1:${address.port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
