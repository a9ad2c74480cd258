import { watch } from "node:fs";
import { lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "@krustlet/interface";

/** What {@link watchSockets} does. */
export interface WatchSocketsInit {
  readonly directory: string;
  readonly clock: Clock;
  /** Told of each socket once; the signal is aborted when it is gone, or another one is in its place. */
  readonly onSocket: (path: string, signal: AbortSignal) => void;
  /** Told when the directory cannot be watched; it is looked at again and again all the same. */
  readonly onFailure: (error: unknown) => void;
}

interface Seen {
  readonly identity: string;
  readonly gone: AbortController;
}

const GONE = new Error("the plugin's socket is gone");
/** How often the directory is looked at though nothing is told of it: a watch may miss something. */
const LOOK_MS = 10_000;

/** Follows the sockets named `*.sock` in a directory, which is made, until the signal is aborted. Never rejects. */
export async function watchSockets(init: WatchSocketsInit, signal: AbortSignal): Promise<void> {
  const { directory, clock, onSocket, onFailure } = init;
  const seen = new Map<string, Seen>();
  const compare = (found: ReadonlyMap<string, string>): void => {
    for (const [path, { identity, gone }] of seen) {
      if (found.get(path) === identity) continue;
      seen.delete(path);
      gone.abort(GONE);
    }
    for (const [path, identity] of found) {
      if (seen.has(path)) continue;
      const gone = new AbortController();
      seen.set(path, { identity, gone });
      onSocket(path, AbortSignal.any([gone.signal, signal]));
    }
  };
  while (!signal.aborted) {
    const changed = new AbortController();
    const wake = (): void => changed.abort();
    const wait = (): Promise<void> =>
      clock.sleep(LOOK_MS, { signal: AbortSignal.any([changed.signal, signal]) }).catch(() => undefined);
    try {
      await mkdir(directory, { recursive: true, mode: 0o750 });
      const watcher = watch(directory, wake).on("error", wake);
      try {
        const found = await socketsIn(directory);
        if (signal.aborted) return;
        compare(found);
        await wait();
      } finally {
        watcher.close();
      }
    } catch (error) {
      onFailure(error);
      await wait();
    }
  }
}

/** Sockets by path, each with what tells it from another one that takes its place. Links are none. */
async function socketsIn(directory: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(directory)) {
    if (!name.endsWith(".sock")) continue;
    const path = join(directory, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isSocket() === true) found.set(path, `${stats.ino} ${stats.birthtimeMs}`);
  }
  return found;
}
