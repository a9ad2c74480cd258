import { once } from "node:events";
import type { ServerResponse } from "node:http";

const NOSNIFF = { "X-Content-Type-Options": "nosniff" } as const;

/** Answers with a text. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  contentType: string = "text/plain; charset=utf-8",
): void {
  const length = Buffer.byteLength(text);
  response.writeHead(status, { "Content-Type": contentType, "Content-Length": length, ...NOSNIFF });
  response.end(text);
}

/** Answers with an object. */
export function answerJson(response: ServerResponse, value: object): void {
  answerText(response, 200, `${JSON.stringify(value)}\n`, "application/json");
}

/**
 * Answers with `chunks` as they come, at the pace of the reader: the next one is asked for when there is room for it.
 * The head of the answer goes out at once. Rejects with the signal's reason when it is aborted.
 */
export async function answerStream(
  response: ServerResponse,
  contentType: string,
  chunks: AsyncIterable<Uint8Array | string>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "Content-Type": contentType, ...NOSNIFF });
  response.flushHeaders();
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    if (chunk.length > 0 && !response.write(chunk)) await once(response, "drain", { signal });
  }
  response.end();
}
