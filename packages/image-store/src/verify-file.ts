import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/** Checks that files still are what their names say, each once per process as long as nothing about it changes. */
export interface FileVerifier {
  /** The file's size, or undefined when it is not there or has other bytes than `digest` says. */
  verify(path: string, digest: string): Promise<number | undefined>;
  /** Remembers a file that was just hashed by others. */
  trust(path: string): Promise<void>;
}

/** A verifier. Hashing costs about a millisecond for a megabyte, the second look a `stat`. */
export function createFileVerifier(): FileVerifier {
  const good = new Map<string, string>();

  async function look(path: string): Promise<{ mark: string; size: number } | undefined> {
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(path);
      return { mark: `${ino}:${size}:${mtimeMs}:${ctimeMs}`, size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  return {
    async verify(path, digest) {
      const found = await look(path);
      if (found === undefined) return undefined;
      if (good.get(path) === found.mark) return found.size;
      const [algorithm = "", hex] = digest.split(":");
      const hash = createHash(algorithm);
      try {
        for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }))
          hash.update(chunk as Buffer);
      } catch (error) {
        // Collected by another process since the look.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
      if (hash.digest("hex") !== hex) return undefined;
      good.set(path, found.mark);
      return found.size;
    },
    async trust(path) {
      const found = await look(path);
      if (found !== undefined) good.set(path, found.mark);
    },
  };
}
