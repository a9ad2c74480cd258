import { statSync, watch } from "node:fs";

/** Tells of changes in a directory until it is disposed. */
export interface DirectoryChanges extends Disposable {
  /** Resolves at the next change after this call; never rejects. */
  next(): Promise<void>;
}

/**
 * What the kernel tells of a directory; nothing at all where it cannot be watched. Where another directory has come in its
 * place, or it has come at last, that is watched from the next call on.
 */
export function watchDirectory(path: string): DirectoryChanges {
  let next = Promise.withResolvers<void>();
  const tell = (): void => {
    next.resolve();
    next = Promise.withResolvers<void>();
  };
  let watched: bigint | undefined;
  let close = (): void => undefined;
  const follow = (): void => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
    if (found === watched) return;
    close();
    [watched, close] = [undefined, () => undefined];
    if (found === undefined) return;
    const watcher = watch(path, { persistent: false }, tell);
    watcher.on("error", () => watcher.close());
    [watched, close] = [found, () => watcher.close()];
  };
  return {
    next: () => {
      try {
        follow();
      } catch {
        // Whoever reads the directory says what is wrong with it, and reads it again now and then.
      }
      return next.promise;
    },
    [Symbol.dispose]: () => close(),
  };
}
