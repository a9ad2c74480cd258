import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { pathSegmentOf } from "@krustlet/cri-log";
import { KrustletError } from "@krustlet/interface";

/** Where the checkpoints of pods are kept, by UID. */
export interface CheckpointStore {
  /** Every checkpoint that can be read; each is checked by whoever reads it. */
  list(): Promise<readonly { readonly uid: string; readonly text: string }[]>;
  /** All of it or nothing, whenever the process is killed. @throws KrustletError `NoSpace`, `VolumeFailed`. */
  write(uid: string, text: string): Promise<void>;
  /** Resolves, too, where there is none. @throws KrustletError `VolumeFailed`. */
  remove(uid: string): Promise<void>;
}

const SUFFIX = ".json";
const LARGEST_FILE = 1024 * 1024;
const READ_AT_ONCE = 16;
/** A pipe in its place does not hang whoever opens it. */
const NO_FOLLOW = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Checkpoints as files of a directory, which is made by the first one: `<UID>.json`, written beside and renamed. */
export function checkpointDirectory(path: string): CheckpointStore {
  let made: Promise<unknown> | undefined;
  let writes = 0;
  const pathOf = (uid: string): string => join(path, `${pathSegmentOf(uid)}${SUFFIX}`);
  return {
    list: async () => {
      const names = await readdir(path).catch(() => []);
      const found: { uid: string; text: string }[] = [];
      // What a killed process had begun to write.
      const begun = names.filter((name) => !name.endsWith(SUFFIX));
      await Promise.all(begun.map((name) => rm(join(path, name), { force: true }).catch(() => undefined)));
      const files = names.filter((name) => name.endsWith(SUFFIX));
      for (let at = 0; at < files.length; at += READ_AT_ONCE) {
        const read = files.slice(at, at + READ_AT_ONCE).map(async (name) => {
          const text = await readText(join(path, name));
          found.push({ uid: name.slice(0, -SUFFIX.length), text });
        });
        await Promise.all(read);
      }
      return found;
    },
    write: async (uid, text) => {
      const beside = join(path, `${pathSegmentOf(uid)}.${(writes += 1)}`);
      try {
        await (made ??= mkdir(path, { recursive: true, mode: 0o700 }));
        await using file = await open(beside, "w", 0o600);
        await file.writeFile(text);
        await rename(beside, pathOf(uid));
      } catch (cause) {
        made = undefined;
        await rm(beside, { force: true }).catch(() => undefined);
        throw checkpointError(`${pathOf(uid)} cannot be written`, cause);
      }
    },
    remove: async (uid) => {
      try {
        await rm(pathOf(uid), { force: true });
      } catch (cause) {
        throw checkpointError(`${pathOf(uid)} cannot be removed`, cause);
      }
    },
  };
}

/** A regular file of ours is small; a link, a pipe or a flood is none. */
async function readText(path: string): Promise<string> {
  try {
    await using file = await open(path, NO_FOLLOW);
    const facts = await file.stat();
    if (!facts.isFile()) return "";
    return facts.size > LARGEST_FILE ? "" : await file.readFile("utf8");
  } catch {
    return "";
  }
}

function checkpointError(message: string, cause: unknown): KrustletError {
  const full =
    cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new KrustletError(full ? "NoSpace" : "VolumeFailed", `${message}${why}`, { cause });
}
