import { lstat, readlink } from "node:fs/promises";
import type { Stats } from "node:fs";
import { join } from "node:path";

/** Symbolic links that one path may lead through, as Linux has it. */
const MAX_LINKS = 40;

/** `lstat`, or undefined where there is nothing. */
export async function entryAt(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * The real path of `path` in the tree at `root`, as a process whose root directory that is would see it: links are
 * followed, absolute ones start at `root`, and `..` stops there. Names that do not exist are kept as they are.
 * Undefined when links lead in a circle. Safe only while nobody else writes to the tree.
 */
export async function resolveInTree(root: string, path: string): Promise<string | undefined> {
  const todo = path.split("/").toReversed();
  const done: string[] = [];
  for (let links = 0; todo.length > 0;) {
    const name = todo.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      done.pop();
      continue;
    }
    const here = join(root, ...done, name);
    if ((await entryAt(here))?.isSymbolicLink() !== true) {
      done.push(name);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    const target = await readlink(here);
    if (target.startsWith("/")) done.length = 0;
    todo.push(...target.split("/").toReversed());
  }
  return join(root, ...done);
}
