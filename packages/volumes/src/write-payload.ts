import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Payload } from "./payload.ts";
import { failedWith } from "./volume-error.ts";

const DATA = "..data";
const NEXT = "..data_tmp";
const VERSION = /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\..+$/;

/**
 * Makes `directory` hold exactly `payload`, so that a reader sees all of the old files or all of the new ones. The
 * kubelet's layout: the files lie in a directory named by the time, `..data` is a link to it, and each visible name
 * is a link into `..data`; an update is one rename of that link. What is equal is not written again.
 *
 * @param now - names the new version
 * @returns whether anything was written
 */
export async function writePayload(directory: string, payload: Payload, now: Date): Promise<boolean> {
  const current = await currentVersion(directory);
  if (current !== undefined && (await holds(join(directory, current), payload))) {
    await linkVisibleNames(directory, payload);
    await removeOthers(directory, payload, current);
    return false;
  }
  const version = await writeVersion(directory, payload, now);
  try {
    await rm(join(directory, NEXT), { force: true });
    await symlink(version, join(directory, NEXT));
    await rename(join(directory, NEXT), join(directory, DATA));
  } catch (error) {
    await rm(join(directory, version), { recursive: true, force: true });
    throw error;
  }
  await linkVisibleNames(directory, payload);
  await removeOthers(directory, payload, version);
  return true;
}

async function currentVersion(directory: string): Promise<string | undefined> {
  try {
    const target = await readlink(join(directory, DATA));
    return VERSION.test(target) ? target : undefined;
  } catch (error) {
    if (failedWith(error, "ENOENT", "EINVAL")) return undefined;
    throw error;
  }
}

/** Whether a version holds these files, no others, with these bytes and modes. */
async function holds(version: string, payload: Payload): Promise<boolean> {
  try {
    const present = await filesBeneath(version);
    if (present.length !== payload.size) return false;
    for (const path of present) {
      const wanted = payload.get(path);
      if (wanted === undefined) return false;
      const { mode } = await lstat(join(version, path));
      if ((mode & 0o777) !== wanted.mode) return false;
      const bytes = await readFile(join(version, path));
      if (!bytes.equals(wanted.bytes)) return false;
    }
    return true;
  } catch (error) {
    // A mode that keeps even us from reading: the file is written again.
    if (failedWith(error, "ENOENT", "EACCES")) return false;
    throw error;
  }
}

async function filesBeneath(directory: string): Promise<readonly string[]> {
  const files: string[] = [];
  const walk = async (beneath: string): Promise<void> => {
    for (const entry of await readdir(join(directory, beneath), { withFileTypes: true })) {
      const path = beneath === "" ? entry.name : `${beneath}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else files.push(path);
    }
  };
  await walk("");
  return files;
}

async function writeVersion(directory: string, payload: Payload, now: Date): Promise<string> {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-T:]/g, "_");
  const path = await mkdtemp(join(directory, `..${stamp}.`));
  try {
    await chmod(path, 0o755);
    for (const [file, { bytes, mode }] of payload) {
      const target = join(path, file);
      await mkdir(dirname(target), { recursive: true, mode: 0o755 });
      await writeFile(target, bytes, { mode: 0o600, flag: "wx" });
      await chmod(target, mode);
    }
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
  return path.slice(directory.length + 1);
}

function visibleNames(payload: Payload): ReadonlySet<string> {
  return new Set(Array.from(payload.keys(), (path) => path.split("/", 1)[0] ?? path));
}

async function linkVisibleNames(directory: string, payload: Payload): Promise<void> {
  for (const name of visibleNames(payload)) {
    try {
      await symlink(join(DATA, name), join(directory, name));
    } catch (error) {
      if (!failedWith(error, "EEXIST")) throw error;
    }
  }
}

/** Removes names that lead nowhere any more, and versions that a kill left behind. */
async function removeOthers(directory: string, payload: Payload, version: string): Promise<void> {
  const kept = new Set([...visibleNames(payload), DATA, version]);
  for (const name of await readdir(directory)) {
    if (!kept.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}
