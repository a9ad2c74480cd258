import { lstat, opendir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { openDirectory, pathOfHandle } from "./beneath.ts";
import { failedWith } from "./volume-error.ts";

const MAX_DEPTH = 128;
const BLOCK = 512;

/** What a tree takes of a disk. */
export interface TreeSize {
  readonly bytes: number;
  /** Files, directories and links. */
  readonly inodes: number;
}

/**
 * Bytes and inodes that the files beneath `path` take on disk, links not followed and each file counted once. What goes away
 * meanwhile is not counted. A tree of more than 128 levels cannot be measured and counts as `Infinity` of both, so that a
 * guest cannot hide files in the depth.
 */
export async function directorySize(path: string): Promise<TreeSize> {
  const counted = new Set<string>();
  let bytes = 0;
  let inodes = 0;
  const measure = async (directory: FileHandle, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) {
      bytes = Number.POSITIVE_INFINITY;
      inodes = Number.POSITIVE_INFINITY;
      return;
    }
    const inside = Buffer.from(`${pathOfHandle(directory)}/`);
    // @types/node knows only text here; names are bytes, which text could not give back.
    for await (const entry of await opendir(inside, { encoding: "buffer" as BufferEncoding })) {
      const child = Buffer.concat([inside, entry.name as unknown as Buffer]);
      try {
        const stats = await lstat(child);
        const key = `${stats.dev}:${stats.ino}`;
        if (stats.nlink === 1 || !counted.has(key)) {
          bytes += stats.blocks * BLOCK;
          inodes += 1;
        }
        if (stats.nlink > 1) counted.add(key);
        if (!stats.isDirectory()) continue;
        const next = await openDirectory(child);
        try {
          await measure(next, depth + 1);
        } finally {
          await next.close();
        }
      } catch (error) {
        if (!failedWith(error, "ENOENT", "ENOTDIR", "ELOOP", "EACCES")) throw error;
      }
      if (bytes === Number.POSITIVE_INFINITY) return;
    }
  };
  const root = await openDirectory(path);
  try {
    await measure(root, 0);
  } finally {
    await root.close();
  }
  return { bytes, inodes };
}
