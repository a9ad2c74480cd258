import { createHash } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Notes that the volume staged in `staging` is published in `directory`. */
export async function addUser(staging: string, directory: string): Promise<void> {
  await mkdir(join(staging, "users"), { recursive: true, mode: 0o750 });
  await writeFile(userPathOf(staging, directory), directory, { mode: 0o600 });
}

/** It is not any more; gives how many there still are. */
export async function removeUser(staging: string, directory: string): Promise<number> {
  await rm(userPathOf(staging, directory), { force: true });
  try {
    return (await readdir(join(staging, "users"))).length;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}

function userPathOf(staging: string, directory: string): string {
  return join(staging, "users", createHash("sha256").update(directory).digest("hex"));
}
