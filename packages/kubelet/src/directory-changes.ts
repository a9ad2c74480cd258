import { watch } from "node:fs";

/** Tells of changes in a directory until it is disposed. */
export interface DirectoryChanges extends Disposable {
  /** Resolves at the next change after this call; never rejects. */
  next(): Promise<void>;
}

/** What the kernel tells of a directory; nothing at all where it cannot be watched. */
export function watchDirectory(path: string): DirectoryChanges {
  let next = Promise.withResolvers<void>();
  const tell = (): void => {
    next.resolve();
    next = Promise.withResolvers<void>();
  };
  let close = (): void => undefined;
  try {
    const watcher = watch(path, { persistent: false }, tell);
    watcher.on("error", () => watcher.close());
    close = () => watcher.close();
  } catch {
    // Whoever reads the directory says what is wrong with it, and reads it again now and then.
  }
  return { next: () => next.promise, [Symbol.dispose]: () => close() };
}
