import type { Clock } from "@krustlet/interface";

/** How long {@link within} waits, and for whom. */
export interface TimeLimit<T> {
  readonly clock: Clock;
  readonly ms: number;
  /** Aborted: nobody waits any more. */
  readonly signal?: AbortSignal | undefined;
  /** What is given, or thrown, when the time is over. */
  readonly late: () => T;
}

/** Why a limit's own timer ends, and why work is given up: made once, so that no call makes a stack trace. */
const DONE = new Error("it is done");
const GIVEN_UP = new Error("it took too long");

/**
 * Waits for a piece of work as long as the limit says, though the work heeds no signal. The signal that the work is
 * given is aborted when it is given up, and never once it has succeeded: what it has opened may live on.
 *
 * @throws what `late` throws; the reason of the limit's signal, whatever the work says then; what the work rejects with.
 */
export async function within<T>(
  { clock, ms, signal, late }: TimeLimit<T>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const end = new AbortController();
  const timer = new AbortController();
  const abort = (): void => timer.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const limit = clock.sleep(ms, { signal: timer.signal }).then(() => {
    end.abort(GIVEN_UP);
    return late();
  });
  // Neither is anybody's once the other has won.
  limit.catch(() => undefined);
  let working: Promise<T> | undefined;
  try {
    working = work(end.signal);
    working.catch(() => undefined);
    return await Promise.race([working, limit]);
  } catch (error) {
    end.abort(error);
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    timer.abort(DONE);
    signal?.removeEventListener("abort", abort);
  }
}
