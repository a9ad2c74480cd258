import type { Clock } from "@krustlet/interface";

/** The time that a node has to stop. Disposing forgets it. */
export interface StopDeadline extends Disposable {
  /** Resolves once so much time has gone by since the signal was aborted. */
  readonly reached: Promise<void>;
}

/** Begins to count when the signal is aborted. */
export function stopDeadline(signal: AbortSignal, ms: number, clock: Pick<Clock, "sleep">): StopDeadline {
  const over = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const begin = (): void => {
    clock.sleep(ms, { signal: over.signal }).then(resolve, () => undefined);
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    reached: promise,
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", begin);
      over.abort();
    },
  };
}
