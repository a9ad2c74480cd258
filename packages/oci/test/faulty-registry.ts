import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Artifact } from "@krustlet/testkit";

/** A registry that misbehaves on command. */
export interface FaultyRegistry extends AsyncDisposable {
  readonly host: string;
  /** Requests so far, `GET /v2/…` and their headers. */
  readonly requests: readonly { readonly line: string; readonly headers: IncomingMessage["headers"] }[];
  add(artifact: Artifact, tag?: string): string;
}

/** Answers a request wholly, or returns false to let the registry answer as it should. */
export type Fault = (request: IncomingMessage, response: ServerResponse, count: number) => boolean | void;

export async function startFaultyRegistry(fault: Fault = () => false): Promise<FaultyRegistry> {
  const manifests = new Map<string, Artifact>();
  const blobs = new Map<string, Uint8Array>();
  const requests: { line: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer((request, response) => {
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    if (fault(request, response, requests.length) === true) return;
    const [, kind = "", name = ""] = /^\/v2\/app\/(manifests|blobs)\/(.+)$/.exec(request.url ?? "") ?? [];
    const manifest = kind === "manifests" ? manifests.get(name) : undefined;
    const body = manifest?.manifest ?? (kind === "blobs" ? blobs.get(name) : undefined);
    if (body === undefined) {
      response.writeHead(404).end('{"errors":[{"code":"UNKNOWN","message":"unknown"}]}');
      return;
    }
    if (manifest !== undefined) {
      response
        .setHeader("content-type", manifest.mediaType)
        .setHeader("docker-content-digest", manifest.digest);
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from > 0)
      response.writeHead(206, { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` });
    response.end(request.method === "HEAD" ? undefined : body.subarray(from));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const host = `127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  return {
    host,
    requests,
    add(artifact, tag = "v1") {
      manifests.set(tag, artifact).set(artifact.digest, artifact);
      for (const [digest, bytes] of artifact.blobs) blobs.set(digest, bytes);
      return `${host}/app:${tag}`;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
