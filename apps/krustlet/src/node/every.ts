import type { Clock } from "@krustlet/interface";

/** What {@link every} does, and how often. */
export interface Repeated {
  readonly ms: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly work: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Repeats a piece of work, with a pause before each time, until the signal is aborted; then it resolves. */
export async function every({ ms, clock, signal, work, onError }: Repeated): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(ms, { signal });
      await work();
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }
}
