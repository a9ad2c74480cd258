import type { Readable } from "node:stream";
import { KrustletError } from "@krustlet/interface";

const FIRST = 64 << 10;

/**
 * All of a body, if it is no longer than `limit` bytes. It is copied into one buffer as it comes: in pieces of a byte each, if
 * its sender likes, and each of these would be held with a hundred bytes of its own.
 * @throws KrustletError `RegistryProtocol` when it is longer.
 */
export async function readBody(body: Readable, limit: number, what: string): Promise<Buffer> {
  let bytes = Buffer.alloc(Math.min(FIRST, limit));
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const needed = size + chunk.length;
    if (needed > limit) {
      throw new KrustletError(
        "RegistryProtocol",
        `${what} is longer than ${limit} bytes, more than it may be`,
      );
    }
    if (needed > bytes.length) {
      const larger = Buffer.alloc(Math.min(limit, Math.max(needed, 2 * bytes.length)));
      bytes.copy(larger, 0, 0, size);
      bytes = larger;
    }
    chunk.copy(bytes, size);
    size = needed;
  }
  return bytes.subarray(0, size);
}

/** Lets go of a body that nobody will read. */
export function dropBody(body: Readable): void {
  body.on("error", () => {}).destroy();
}
