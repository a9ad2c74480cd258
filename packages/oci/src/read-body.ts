import type { Readable } from "node:stream";
import { KrustletError } from "@krustlet/interface";

/** All of a body, if it is no longer than `limit` bytes. @throws KrustletError `RegistryProtocol` when it is. */
export async function readBody(body: Readable, limit: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      throw new KrustletError(
        "RegistryProtocol",
        `${what} is longer than ${limit} bytes, more than it may be`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Lets go of a body that nobody will read. */
export function dropBody(body: Readable): void {
  body.on("error", () => {}).destroy();
}
