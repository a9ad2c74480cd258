import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { createReadStream } from "node:fs";

const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** Whether `text` is a digest of a kind that can be verified: sha256 or sha512, lower-case hex. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** A running hash of the algorithm that `digest` names. */
export function hashFor(digest: string): Hash {
  return createHash(digest.startsWith("sha512:") ? "sha512" : "sha256");
}

/** The digest of `bytes`, with the algorithm of `like` (default sha256). */
export function digestOf(bytes: Uint8Array, like = "sha256:"): string {
  return `${like.startsWith("sha512:") ? "sha512" : "sha256"}:${hashFor(like).update(bytes).digest("hex")}`;
}

/** Feeds the file's bytes to `hash` and returns how many there were. */
export async function hashFile(path: string, hash: Hash): Promise<number> {
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return size;
}
