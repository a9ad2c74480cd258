import type { Readable } from "node:stream";
import { KrustletError } from "@krustlet/interface";

/** A list of ten thousand pods is smaller. */
const MAX_BYTES = 256 * 1024 * 1024;
const SHORT_BYTES = 64 * 1024;

/**
 * An answer's body as text. Of a `short` one no more than 64 kB is read.
 *
 * @throws KrustletError `ApiServerUnavailable` beyond 256 MB; whatever the connection fails with.
 */
export async function textOf(body: Readable, size: "whole" | "short"): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (size === "short" && length >= SHORT_BYTES) break;
    if (length > MAX_BYTES) {
      throw new KrustletError("ApiServerUnavailable", "The API server's answer is longer than 256 MB.");
    }
  }
  return chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString("utf8");
}

/** An answer's body as it comes; `failureOf` makes a sentence of what ends it early, `done` is called at any end. */
export async function* bytesOf(
  body: Readable,
  failureOf: (cause: unknown) => Error,
  done: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk as Uint8Array;
  } catch (error) {
    throw failureOf(error);
  } finally {
    done();
  }
}
