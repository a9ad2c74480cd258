import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Artifact } from "./build-artifact.ts";

/** Where {@link pushArtifact} pushes to. */
export interface PushTarget {
  /** `http://127.0.0.1:<port>`, or `https://`. */
  readonly url: string;
  readonly repository: string;
  /** Default: the manifest's digest. */
  readonly tag?: string;
  /** Value of `Authorization`, where the registry wants one. */
  readonly authorization?: string;
  /** PEM of the authority that signed the registry's certificate. */
  readonly ca?: string;
}

interface Sent {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

/** Pushes an artifact to a registry and returns the manifest's digest. */
export async function pushArtifact(artifact: Artifact, target: PushTarget): Promise<string> {
  const base = `${target.url}/v2/${target.repository}`;
  for (const [digest, bytes] of artifact.blobs) {
    const opened = await send(target, "POST", new URL(`${base}/blobs/uploads/`));
    if (opened.location === "") throw new Error(`no upload of ${digest}: ${opened.status} ${opened.text}`);
    const location = new URL(opened.location, base);
    location.searchParams.set("digest", digest);
    expectCreated(await send(target, "PUT", location, bytes), `blob ${digest}`);
  }
  const name = target.tag ?? artifact.digest;
  const url = new URL(`${base}/manifests/${name}`);
  expectCreated(await send(target, "PUT", url, artifact.manifest, artifact.mediaType), `manifest ${name}`);
  return artifact.digest;
}

function send(
  target: PushTarget,
  method: string,
  url: URL,
  body: Uint8Array = new Uint8Array(0),
  type = "application/octet-stream",
): Promise<Sent> {
  const headers = {
    "content-type": type,
    "content-length": body.length,
    ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
  };
  const request = url.protocol === "https:" ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, ...(target.ca === undefined ? {} : { ca: target.ca }) });
    outgoing.once("error", reject);
    outgoing.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.once("end", () =>
        resolve({ status: answer.statusCode ?? 0, location: answer.headers.location ?? "", text }),
      );
    });
    outgoing.end(body);
  });
}

function expectCreated({ status, text }: Sent, what: string): void {
  if (status !== 201) throw new Error(`the registry did not take ${what}: ${status} ${text}`);
}
