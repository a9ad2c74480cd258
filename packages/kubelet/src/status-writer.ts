import type { Clock } from "@krustlet/interface";

/** Init of {@link createStatusWriter}. */
export interface StatusWriterInit<Status> {
  readonly clock: Pick<Clock, "sleep">;
  readonly write: (status: Status, signal: AbortSignal) => Promise<void>;
  /** Told of each attempt that failed; it is repeated all the same. */
  readonly onError: (error: unknown) => void;
}

/** The one writer of a pod's status. */
export interface StatusWriter<Status> {
  /** Says what the status is now. An earlier one that was not written yet never will be. */
  offer(status: Status): void;
  /** Resolves when the newest status has landed, or the writer was aborted. */
  settled(): Promise<void>;
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 7000;

/**
 * Writes the newest status and nothing twice: equal ones are dropped, and those that come while a write is under way
 * are one write afterwards. A write that fails is repeated, with the newest status, until it lands.
 */
export function createStatusWriter<Status>(
  init: StatusWriterInit<Status>,
  signal: AbortSignal,
): StatusWriter<Status> {
  let newest: { readonly status: Status; readonly text: string } | undefined;
  let written: string | undefined;
  let writing: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    // The states of one turn of the event loop (admitted, mounted, …) make one write.
    await Promise.resolve();
    let delay = FIRST_RETRY_MS;
    for (;;) {
      if (newest === undefined || newest.text === written || signal.aborted) break;
      const { status, text } = newest;
      try {
        await init.write(status, signal);
        written = text;
        delay = FIRST_RETRY_MS;
      } catch (error) {
        if (signal.aborted) break;
        init.onError(error);
        await init.clock.sleep(delay, { signal }).catch(() => undefined);
        delay = Math.min(delay * 2, LAST_RETRY_MS);
      }
    }
    writing = undefined;
  };

  return {
    offer: (status) => {
      newest = { status, text: JSON.stringify(status) };
      writing ??= run();
    },
    settled: async () => {
      await writing;
    },
  };
}
