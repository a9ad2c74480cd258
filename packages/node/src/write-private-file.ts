import { randomUUID } from "node:crypto";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file that only its owner may read (mode 0600, its directory 0700 where it is made), so that a kill at any
 * moment leaves the old content or the new one.
 *
 * @param keep - leaves a file that is there already as it is
 * @returns whether it was written
 */
export async function writePrivateFile(path: string, text: string, keep: boolean): Promise<boolean> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (keep) await link(temporary, path);
    else await rename(temporary, path);
  } catch (error) {
    if (keep && error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(directory);
  return true;
}

/** Makes sure that what was renamed in a directory outlives a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const opened = await open(directory, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
