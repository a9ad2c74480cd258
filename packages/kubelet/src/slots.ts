import type { Cancellable } from "@krustlet/interface";

/** So many pieces of work at once, in the order in which they came; the others wait. */
export type Slots = <T>(work: () => Promise<T>, options?: Cancellable) => Promise<T>;

/**
 * Makes a number of slots. Work whose signal is aborted while it waits is never begun, and rejects with the signal's
 * reason.
 */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting = new Set<() => void>();
  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else {
      waiting.delete(next);
      next();
    }
  };
  const take = async ({ signal }: Cancellable): Promise<void> => {
    signal?.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(enter);
        reject(signal?.reason as Error);
      };
      waiting.add(enter);
      signal?.addEventListener("abort", leave, { once: true });
    });
  };
  return async (work, options = {}) => {
    await take(options);
    try {
      return await work();
    } finally {
      release();
    }
  };
}

/** {@link Slots} for each key, forgotten when nobody is in them. */
export function createKeyedSlots(count: number): (key: string) => Slots {
  const known = new Map<string, { readonly slots: Slots; users: number }>();
  return (key) => async (work, options) => {
    const entry = known.get(key) ?? { slots: createSlots(count), users: 0 };
    known.set(key, entry);
    entry.users += 1;
    try {
      return await entry.slots(work, options);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) known.delete(key);
    }
  };
}
