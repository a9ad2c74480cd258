import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

/** Where control groups that count memory are made, and the file of their limit; undefined where this process may make none. */
const PLACES = [
  { directory: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" },
  { directory: "/sys/fs/cgroup", limit: "memory.max" },
] as const;

/** A control group of so much memory. Disposing removes it, once nothing runs in it any more. */
export interface MemoryLimit extends AsyncDisposable {
  /** Puts the process in it whose command line has this word. */
  take(word: string): Promise<void>;
}

/** Makes a control group whose processes together have so many bytes; undefined where that cannot be. */
export async function limitMemory(bytes: number): Promise<MemoryLimit | undefined> {
  for (const { directory, limit } of PLACES) {
    const group = join(directory, `krustlet-test-${randomBytes(4).toString("hex")}`);
    try {
      await mkdir(group);
      if (!existsSync(join(group, limit))) {
        await rmdir(group);
        continue;
      }
      await writeFile(join(group, limit), String(bytes));
    } catch {
      continue;
    }
    return {
      take: async (word) => writeFile(join(group, "cgroup.procs"), String(await processOf(word))),
      [Symbol.asyncDispose]: () => removeGroup(group),
    };
  }
  return undefined;
}

async function processOf(word: string): Promise<number> {
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(join("/proc", name, "cmdline"), "utf8").catch(() => "");
    if (line.split("\0").some((each) => each.includes(word))) return Number(name);
  }
  throw new Error(`no process has ${word} on its command line`);
}

async function removeGroup(group: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await rmdir(group);
    } catch (error) {
      // What was killed in it is in it for a moment more.
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
