import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it that are missing, all with this mode; one that is there is left as it is. Node's
 * own recursive way costs several times as much where most of the path is there.
 *
 * @throws the system's error; `EEXIST` where something else has the name
 */
export async function makeDirectories(path: string, mode: number): Promise<void> {
  if (await made(path, mode)) return;
  await makeDirectories(dirname(path), mode);
  await made(path, mode);
}

/** False where the directory above is missing. */
async function made(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" && dirname(path) !== path) return false;
    if (code !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
  return true;
}
