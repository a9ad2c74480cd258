import { KrustletError } from "@krustlet/interface";
import { constants } from "node:fs";
import { lstat, mkdir, open, readlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { failedWith } from "./volume-error.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Linux: a descriptor that only names a file, so that opening a pipe or a device has no effect. */
export const O_PATH = 0o10000000;
const MAX_LINKS = 40;

/** The path by which the system leads to what a descriptor names, whatever has become of its name. */
export function pathOfHandle(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}

/** Opens a directory that is none of a link. The caller closes it. */
export async function openDirectory(path: string | Buffer): Promise<FileHandle> {
  return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/**
 * Opens what `path` names beneath the directory `root`, component by component, each under a descriptor that is held,
 * so that nobody can put a link in the way in between. Links inside are followed as long as they stay inside.
 * Missing directories are made (0750) if `create` says so. The caller closes the handle.
 * @throws KrustletError `PathEscape` where a link is absolute or leads above `root`; system errors otherwise.
 */
export async function openBeneath(root: string, path: string, create: boolean): Promise<FileHandle> {
  const way: FileHandle[] = [await open(root, O_PATH | O_DIRECTORY)];
  const ahead = path.split("/").toReversed();
  let links = 0;
  try {
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === "" || name === ".") continue;
      if (name === "..") {
        if (way.length === 1) throw escapes(path);
        await way.pop()?.close();
        continue;
      }
      const parent = lastOf(way);
      const next = await openComponent(parent, name, create);
      const stats = await next.stat();
      if (stats.isSymbolicLink()) {
        await next.close();
        links += 1;
        const target = await readlink(`${pathOfHandle(parent)}/${name}`);
        if (links > MAX_LINKS) throw new KrustletError("PathEscape", `"${path}" goes through too many links`);
        if (target.startsWith("/")) throw escapes(path);
        ahead.push(...target.split("/").toReversed());
        continue;
      }
      way.push(next);
      if (!stats.isDirectory() && ahead.some((rest) => rest !== "" && rest !== ".")) {
        throw new KrustletError("VolumeFailed", `"${path}" goes through "${name}", which is no directory`);
      }
    }
    const found = lastOf(way);
    way.pop();
    return found;
  } finally {
    await Promise.all(way.map((handle) => handle.close()));
  }
}

async function openComponent(parent: FileHandle, name: string, create: boolean): Promise<FileHandle> {
  const path = `${pathOfHandle(parent)}/${name}`;
  try {
    return await open(path, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (!create || !failedWith(error, "ENOENT")) throw error;
  }
  try {
    await mkdir(path, { mode: 0o750 });
  } catch (error) {
    if (!failedWith(error, "EEXIST")) throw error;
  }
  return open(path, O_PATH | O_NOFOLLOW);
}

function lastOf(way: readonly FileHandle[]): FileHandle {
  const last = way.at(-1);
  if (last === undefined) throw new Error("the way beneath a volume is never empty");
  return last;
}

function escapes(path: string): KrustletError {
  return new KrustletError("PathEscape", `"${path}" goes through a link that leads out of the volume`);
}

/** Makes a directory, its parents too, and demands that it is one and no link. */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw new KrustletError("VolumeFailed", `${path} is not a directory`);
}
