import { constants } from "node:fs";
import type { Stats } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/**
 * Opens a file to be read whole: a device that never ends, or a pipe that nobody writes to, is refused. The caller
 * closes it.
 * @throws the system's error, or one whose message says what else it is.
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  // Without waiting: the open itself would wait for a pipe's other end.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    requireRegularFile(await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @throws an error whose message says what else it is. */
export function requireRegularFile(found: Stats): void {
  if (!found.isFile()) throw new Error(found.isDirectory() ? "it is a directory" : "it is no regular file");
}
