import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { rotatedLogPathOf } from "@krustlet/cri-log";

/** One file of a log, opened. Whoever opened it closes it; renaming and removing do not touch it. */
export interface LogFile extends AsyncDisposable {
  /** What tells it from the other files of its log, whatever they are called by then. */
  readonly inode: bigint;
  /** Bytes in it when it was opened. */
  readonly size: number;
  /** Fills `into` from `position` on, as far as there is something. Resolves to how much that was. */
  read(into: Buffer, position: number): Promise<number>;
}

/** More files than this no log has. */
const MOST_FILES = 1000;

/** While a log is rotated one number after the other is missing for a moment, never two. */
const MISSING_IN_A_ROW = 2;

/** A log that is rotated faster than it can be looked at is read as it was seen last. */
const MOST_SCANS = 20;

/** The file at `path`; undefined where there is none. */
async function openLogFile(path: string): Promise<LogFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { ino, size } = await handle.stat({ bigint: true });
    return logFileOf(handle, ino, Number(size));
  } catch (error) {
    await handle?.close();
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function logFileOf(handle: FileHandle, inode: bigint, size: number): LogFile {
  return {
    inode,
    size,
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** All files of a log, the oldest first, each once, whether or not it is rotated meanwhile. */
export async function openLogFiles(path: string): Promise<LogFile[]> {
  for (let tries = 1; ; tries += 1) {
    const { files, isCertain } = await scan(path);
    if (isCertain || tries === MOST_SCANS) return files;
    await closeAll(files);
  }
}

/**
 * The file that was begun when the one with `inode` was rotated away; undefined while there is none. Where that one has
 * been removed since, it is the oldest that is left.
 */
export async function openNextLogFile(path: string, inode: bigint | undefined): Promise<LogFile | undefined> {
  const newest = await openLogFile(path);
  if (newest === undefined) return undefined;
  await newest[Symbol.asyncDispose]();
  if (newest.inode === inode) return undefined;
  const files = await openLogFiles(path);
  const next = files[files.findIndex((file) => file.inode === inode) + 1];
  await closeAll(files.filter((file) => file !== next));
  return next;
}

interface Scan {
  /** The oldest first. */
  readonly files: LogFile[];
  /** Whether their order is beyond doubt: no rotation came to its end meanwhile. */
  readonly isCertain: boolean;
}

/**
 * A rotation makes the numbers greater, beginning with the greatest, so that a file may be met again under its next
 * number, and counts there. As long as the newest file keeps its name every other has moved by one at most.
 */
async function scan(path: string): Promise<Scan> {
  const files: LogFile[] = [];
  try {
    let missing = 0;
    for (let age = 0; age < MOST_FILES && missing < MISSING_IN_A_ROW; age += 1) {
      const file = await openLogFile(rotatedLogPathOf(path, age));
      missing = file === undefined ? missing + 1 : 0;
      if (file === undefined) continue;
      const again = files.findIndex(({ inode }) => inode === file.inode);
      if (again !== -1) await closeAll(files.splice(again, 1));
      files.unshift(file);
    }
    const newest = await openLogFile(path);
    await newest?.[Symbol.asyncDispose]();
    return { files, isCertain: files.length === 0 || newest?.inode === files.at(-1)?.inode };
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

async function closeAll(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map((file) => file[Symbol.asyncDispose]()));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
