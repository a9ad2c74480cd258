import { mkdir, readdir, rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { mayLive } from "./owner.ts";
import type { Owner } from "./owner.ts";
import type { StoreLayout } from "./layout.ts";
import { sizeAt } from "./size-at.ts";

/** This process's own directory of unfinished files. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string;
  /** A path that no other call gets. */
  readonly fresh: (kind: string) => string;
  /** A path for the blob, holding the longest beginning of it that a failed or killed attempt left behind. */
  partial(digest: string): Promise<string>;
  /** Says that an attempt has failed and its file may be continued. */
  leave(partial: string): void;
  /**
   * Removes the beginnings of blobs that nobody goes on with and that are not younger than so many ms. Resolves with the
   * bytes that this freed.
   */
  prune(now: Date, age: number): Promise<number>;
}

/** How long the beginning of a blob that a dead process left is worth keeping, in ms. */
export const KEEP_PARTIALS: number = 24 * 3_600_000;

const PARTIAL = "part-";
const partialPrefix = (digest: string): string => `${PARTIAL}${digest.replace(":", "-")}.`;

/** Makes this process's directory below `tmp/` and removes those of dead processes, resumable downloads excepted. */
export async function openWorkspace(layout: StoreLayout, owner: Owner, now: Date): Promise<Workspace> {
  const directory = join(layout.tmp, owner);
  await mkdir(directory, { recursive: true });
  await sweep(layout, owner, now);
  const idle = new Set<string>();
  let count = 0;
  const unique = (): string => `${(count += 1)}`;

  /** Unfinished files of this name that nobody writes to. */
  async function left(prefix: string): Promise<readonly string[]> {
    const paths: string[] = [];
    for (const other of await readdir(layout.tmp).catch(() => [])) {
      if (other !== owner && mayLive(other)) continue;
      for (const name of await readdir(join(layout.tmp, other)).catch(() => [])) {
        const path = join(layout.tmp, other, name);
        if (name.startsWith(prefix) && (other !== owner || idle.has(path))) paths.push(path);
      }
    }
    return paths;
  }

  async function adopt(digest: string, into: string): Promise<boolean> {
    const candidates: { path: string; size: number }[] = [];
    for (const path of await left(partialPrefix(digest))) {
      candidates.push({ path, size: (await sizeAt(path)) ?? 0 });
    }
    for (const { path } of candidates.toSorted((a, b) => b.size - a.size)) {
      // Of several processes that want it, the rename lets one have it.
      const won = await rename(path, into).then(
        () => true,
        () => false,
      );
      idle.delete(path);
      if (won) return true;
    }
    return false;
  }

  return {
    directory,
    fresh: (kind) => join(directory, `${kind}-${unique()}`),
    async partial(digest) {
      const path = join(directory, `${partialPrefix(digest)}${unique()}`);
      await adopt(digest, path);
      return path;
    },
    leave(partial) {
      idle.add(partial);
    },
    async prune(now, age) {
      let freed = 0;
      for (const path of await left(PARTIAL)) {
        const found = await stat(path).catch(() => undefined);
        if (found === undefined || now.getTime() - found.mtimeMs < age) continue;
        // Who wants to go on with it renames it first: then it is not there any more.
        const aside = join(directory, `doomed-${unique()}`);
        const won = await rename(path, aside).then(
          () => true,
          () => false,
        );
        idle.delete(path);
        if (!won) continue;
        await rm(aside, { force: true });
        freed += found.size;
      }
      return freed;
    },
    async [Symbol.asyncDispose]() {
      // Whoever wants the blob next, in another process too, goes on where this one stopped.
      for (const name of await readdir(directory).catch(() => [])) {
        const path = join(directory, name);
        if (!idle.has(path)) await rm(path, { recursive: true, force: true });
      }
      await rmdir(directory).catch(() => {});
    },
  };
}

async function sweep(layout: StoreLayout, self: string, now: Date): Promise<void> {
  for (const owner of await readdir(layout.tmp).catch(() => [])) {
    if (owner === self || mayLive(owner)) continue;
    const directory = join(layout.tmp, owner);
    let kept = 0;
    for (const name of await readdir(directory).catch(() => [])) {
      const path = join(directory, name);
      const age = await stat(path).then(
        (found) => now.getTime() - found.mtimeMs,
        () => 0,
      );
      if (name.startsWith(PARTIAL) && age < KEEP_PARTIALS) kept += 1;
      else await rm(path, { recursive: true, force: true });
    }
    if (kept === 0) await rm(directory, { recursive: true, force: true });
  }
  for (const name of await readdir(layout.leases).catch(() => [])) {
    if (!mayLive(name.replace(/\.json$/, ""))) await unlink(join(layout.leases, name)).catch(() => {});
  }
}
