import { lstat } from "node:fs/promises";

import { failedWith } from "./volume-error.ts";

/** Whether there is anything at `path`; a link counts, wherever it leads. Throws what else the system says. */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (failedWith(error, "ENOENT")) return false;
    throw error;
  }
}
