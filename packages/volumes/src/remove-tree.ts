import { chmod, mkdir, open, opendir, rename, rmdir, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { constants } from "node:fs";

import { O_PATH, pathOfHandle } from "./beneath.ts";
import { pathExists } from "./path-exists.ts";
import { failedWith } from "./volume-error.ts";

const ATTEMPTS = 10;

/**
 * Removes `path` and everything beneath, whatever a guest left there: links are removed and never followed, modes
 * that forbid it are lifted, and a tree may be of any depth, because each directory is first moved up to where it is
 * emptied. Nothing happens where there is nothing. `trash` is a directory on the same file system, made and removed here; one that a kill left is used up.
 */
export async function removeTree(path: string, trash: string): Promise<void> {
  if (!(await pathExists(path)) && !(await pathExists(trash))) return;
  await mkdir(trash, { recursive: true, mode: 0o700 });
  const bin = await open(trash, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    let next = 0;
    const waiting: string[] = [];
    const take = async (from: string | Buffer): Promise<void> => {
      let name = `${next++}`;
      while (await pathExists(`${pathOfHandle(bin)}/${name}`)) name = `${next++}`;
      await lift(from);
      await rename(from, `${pathOfHandle(bin)}/${name}`);
      waiting.push(name);
    };
    for await (const entry of await opendir(trash)) waiting.push(entry.name);
    try {
      await take(path);
    } catch (error) {
      if (!failedWith(error, "ENOENT")) throw error;
    }
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      await removeOne(`${pathOfHandle(bin)}/${name}`, take);
    }
  } finally {
    await bin.close();
  }
  await rmdir(trash);
}

async function removeOne(path: string, take: (from: Buffer) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (!(await empty(path, take))) return unlink(path);
    try {
      return await rmdir(path);
    } catch (error) {
      // Some file systems list too little while entries go away.
      if (!failedWith(error, "ENOTEMPTY") || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Empties a directory, its own directories being taken away by `take`; false if `path` is none. */
async function empty(path: string, take: (from: Buffer) => Promise<void>): Promise<boolean> {
  const handle = await openAsDirectory(path);
  if (handle === undefined) return false;
  try {
    const inside = Buffer.from(`${pathOfHandle(handle)}/`);
    await chmod(inside, 0o700);
    // @types/node knows only text here; names are bytes, which text could not give back.
    const entries = await opendir(inside, { encoding: "buffer" as BufferEncoding, bufferSize: 256 });
    for await (const entry of entries) {
      const child = Buffer.concat([inside, entry.name as unknown as Buffer]);
      if (await lift(child)) await take(child);
      else await unlink(child);
    }
  } finally {
    await handle.close();
  }
  return true;
}

/** Gives a directory a mode with which it can be moved (that writes its "..") and emptied; false if it is none. */
async function lift(path: string | Buffer): Promise<boolean> {
  const directory = await openAsDirectory(path);
  if (directory === undefined) return false;
  try {
    await chmod(`${pathOfHandle(directory)}/`, 0o700);
  } finally {
    await directory.close();
  }
  return true;
}

async function openAsDirectory(path: string | Buffer): Promise<FileHandle | undefined> {
  try {
    return await open(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (failedWith(error, "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}
