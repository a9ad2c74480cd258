import { open, readFile, rename, rm } from "node:fs/promises";

import { KrustletError } from "@krustlet/interface";

import { formatCheckpoint, parseCheckpoint } from "./checkpoint.ts";
import type { DeviceCheckpoint } from "./checkpoint.ts";

/** The checkpoint of one directory of plugins. */
export interface CheckpointFile {
  /**
   * What the last process wrote; undefined where there is nothing. One that cannot be used is kept beside as
   * `<path>.broken`, and `onWarning` is told.
   */
  read(onWarning: (message: string) => void): Promise<DeviceCheckpoint | undefined>;
  /**
   * Resolves once what `current` gives is on disk, all of it or nothing; calls meanwhile share the next write.
   * @throws KrustletError `NoSpace`, `VolumeFailed`.
   */
  write(): Promise<void>;
}

/** A file that is written beside and renamed. */
export function checkpointFile(path: string, current: () => DeviceCheckpoint): CheckpointFile {
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const writeNow = async (): Promise<void> => {
    const beside = `${path}.new`;
    try {
      {
        await using file = await open(beside, "w", 0o600);
        await file.writeFile(formatCheckpoint(current()));
        await file.sync();
      }
      await rename(beside, path);
    } catch (cause) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw writeError(path, cause);
    }
  };
  return {
    read: async (onWarning) => {
      try {
        return parseCheckpoint(await readFile(path, "utf8"));
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        const why = error instanceof Error ? error.message : String(error);
        await rename(path, `${path}.broken`).catch(() => undefined);
        onWarning(`${path} is kept as ${path}.broken, and all devices count as free: ${why}`);
        return undefined;
      }
    },
    write: () => {
      if (next !== undefined) return next;
      const before = last.catch(() => undefined);
      const mine = before.then(() => {
        next = undefined;
        return writeNow();
      });
      next = mine;
      last = mine;
      return mine;
    },
  };
}

function writeError(path: string, cause: unknown): KrustletError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KrustletError(isFull ? "NoSpace" : "VolumeFailed", `${path} cannot be written: ${why}`, {
    cause,
  });
}
