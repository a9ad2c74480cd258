import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { dirname } from "node:path";

import type { Clock } from "@krustlet/interface";

/** Where nobody tells of changes the log is looked at so often. */
const UNWATCHED_MS = 1000;
/** And where somebody does, so often all the same. */
const WATCHED_MS = 30_000;

/** Waits for a log to change. Disposing stops watching. */
export interface LogChanges extends Disposable {
  /** Resolves when something may have changed since the last call, a signal was aborted, or it is time to look all the same. */
  next(...until: readonly AbortSignal[]): Promise<void>;
}

/** Watches the directory of a log, from the first call on. A change during other work is not missed. */
export function watchLog(path: string, clock: Clock): LogChanges {
  const directory = dirname(path);
  let watcher: FSWatcher | undefined;
  let changed = false;
  let wake = (): void => undefined;
  const tell = (): void => {
    changed = true;
    wake();
  };

  /** The directory may not be there yet, and the system may not have another watch to give. */
  const open = (): void => {
    try {
      watcher = watch(directory, { persistent: false }, tell);
      watcher.once("error", () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      watcher = undefined;
    }
  };

  return {
    next: async (...until) => {
      if (watcher === undefined) {
        open();
        // What happened before somebody watched has to be looked for once.
        if (watcher !== undefined) return;
      }
      if (!changed && !until.some(({ aborted }) => aborted)) {
        const over = new AbortController();
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const slept = clock
          .sleep(watcher === undefined ? UNWATCHED_MS : WATCHED_MS, { signal: over.signal })
          .catch(() => undefined);
        // Not AbortSignal.any: these live long, and many readers come and go.
        for (const signal of until) signal.addEventListener("abort", tell);
        await Promise.race([woken, slept]);
        for (const signal of until) signal.removeEventListener("abort", tell);
        over.abort();
      }
      changed = false;
    },
    [Symbol.dispose]: () => watcher?.close(),
  };
}
