import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { KrustletError } from "@krustlet/interface";

/** Errors of a full disk, as ours; others as they are. */
export function diskError(cause: unknown, path: string): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== "ENOSPC" && code !== "EDQUOT") return cause;
  return new KrustletError("NoSpace", `there is no space left on the disk for the image store at ${path}`, {
    cause,
  });
}

/** Makes the names in a directory survive a power cut. Where a file system cannot, it does nothing. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await directory.close();
  }
}

/** Moves a finished file to where it stays: its bytes reach the disk before its name does. */
export async function publishFile(temporary: string, path: string): Promise<void> {
  const file = await open(temporary, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Replaces a file as a whole: readers see the old text or the new, after a kill too. */
export async function writeDurably(temporary: string, path: string, text: string): Promise<void> {
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    await publishFile(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error, path);
  }
}
