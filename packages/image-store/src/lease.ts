import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mayLive } from "./owner.ts";
import type { Owner } from "./owner.ts";
import type { StoreLayout } from "./layout.ts";

/** What this process uses of the store, told to the collectors of other processes. */
export interface Lease extends AsyncDisposable {
  /** Holds blobs (by digest) and trees (by key) until the process ends or the lease is disposed of. */
  hold(items: readonly string[]): Promise<void>;
  /** What this process has held so far. */
  readonly items: ReadonlySet<string>;
}

/** Opens this process's lease. Nothing is written before something is held. */
export function openLease(layout: StoreLayout, owner: Owner, fresh: (kind: string) => string): Lease {
  const path = join(layout.leases, `${owner}.json`);
  const items = new Set<string>();
  let last: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const temporary = fresh("lease");
    await writeFile(temporary, JSON.stringify([...items]), { mode: 0o600 });
    await rename(temporary, path);
  }

  return {
    items,
    async hold(wanted) {
      const missing = wanted.filter((item) => !items.has(item));
      for (const item of missing) items.add(item);
      if (missing.length > 0) last = last.catch(() => {}).then(write);
      await last;
    },
    async [Symbol.asyncDispose]() {
      await last.catch(() => {});
      await rm(path, { force: true });
    },
  };
}

/** What the other open stores hold, of this process and of others that live. */
export async function leasedByOthers(layout: StoreLayout, owner: Owner): Promise<ReadonlySet<string>> {
  const self = `${owner}.json`;
  const held = new Set<string>();
  for (const name of await readdir(layout.leases).catch(() => [])) {
    if (name === self || !mayLive(name.replace(/\.json$/, ""))) continue;
    const text = await readFile(join(layout.leases, name), "utf8").catch(() => "[]");
    let items: unknown = [];
    try {
      items = JSON.parse(text);
    } catch {
      // Leases are renamed into place whole; what does not parse is not one.
    }
    if (Array.isArray(items)) for (const item of items) if (typeof item === "string") held.add(item);
  }
  return held;
}
