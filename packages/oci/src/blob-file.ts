import { open } from "node:fs/promises";
import { KrustletError } from "@krustlet/interface";
import { hashFile, hashFor } from "./digest.ts";

/** A file that grows to be a blob, hashed as it grows. */
export interface BlobFile extends AsyncDisposable {
  /** Bytes in it. */
  readonly size: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Empties it. */
  restart(): Promise<void>;
  /** Digest of what it holds. */
  digest(): string;
}

/**
 * Opens (or makes) the file of a blob; what it already holds counts as the blob's beginning and is hashed first.
 * @throws KrustletError `NoSpace` from `append` when the disk is full.
 */
export async function openBlobFile(path: string, digest: string): Promise<BlobFile> {
  const file = await open(path, "a+", 0o600).catch((cause: unknown) =>
    Promise.reject(diskError(cause, path)),
  );
  let hash = hashFor(digest);
  let size = 0;
  try {
    if ((await file.stat()).size > 0) size = await hashFile(path, hash);
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    get size() {
      return size;
    },
    async append(chunk) {
      await file.appendFile(chunk).catch((cause: unknown) => Promise.reject(diskError(cause, path)));
      hash.update(chunk);
      size += chunk.length;
    },
    async restart() {
      if (size > 0) await file.truncate(0);
      hash = hashFor(digest);
      size = 0;
    },
    digest: () => `${digest.slice(0, digest.indexOf(":"))}:${hash.copy().digest("hex")}`,
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Errors of a full disk, as ours; others as they are. */
export function diskError(cause: unknown, path: string): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== "ENOSPC" && code !== "EDQUOT") return cause;
  return new KrustletError("NoSpace", `there is no space left on the disk to write ${path}`, { cause });
}
