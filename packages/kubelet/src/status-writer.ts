import type { Clock } from "@krustlet/interface";

/** Init of {@link createStatusWriter}. */
export interface StatusWriterInit<Status> {
  readonly clock: Pick<Clock, "sleep">;
  readonly write: (status: Status, signal: AbortSignal) => Promise<unknown>;
  /**
   * Whether somebody else has changed since then what was written. Such a status is written again, but not at once:
   * nobody is to be outwritten. Default: nobody does.
   */
  readonly isOverwritten?: (status: Status) => boolean;
  /** Told of each attempt that failed; it is repeated all the same. */
  readonly onError: (error: unknown) => void;
}

/** A status, and what of it counts; it is made when it is written. */
export interface StatusOffer<Status> {
  readonly status: () => Status;
  /** Statuses of the same text are the same; they are written once. */
  readonly text: () => string;
  /** The part that is to be told at once. A change of anything else waits for others. */
  readonly pressing: () => string;
}

/** What of a status that was written counts. */
export interface WrittenStatus {
  readonly text: string;
  readonly pressing: string;
}

/** The one writer of a pod's status. */
export interface StatusWriter<Status> {
  /** Says what the status is now. An earlier one that was not written yet never will be. */
  offer(offer: StatusOffer<Status>): void;
  /** Writes the newest status without waiting for others. Resolves when it has landed, or the writer was aborted. */
  settled(): Promise<void>;
  /** The object has changed: what was written may not be there any more. `offer` is to follow. */
  look(offer: StatusOffer<Status>): void;
  /** What was written is not there any more: the next status that is offered is written, whatever it is. */
  forget(): void;
  /** Writes the newest status, and gives up if that does not work at once. Resolves when nothing is under way. */
  close(): Promise<void>;
}

/** How long the first change that is not pressing waits for others: half of what the kubelet takes to see it … */
const FIRST_WAIT_MS = 500;
/** … and every further one: the kubelet compares what it has written so often. */
const NEXT_WAIT_MS = 10_000;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 7000;
/** One for all: an abort without a reason makes an error with a stack. */
const HURRIED = new Error("the status is not to wait");
const NOTHING: WrittenStatus = { text: "", pressing: "" };

/**
 * Writes the newest status and nothing twice: equal ones are dropped, and those that come while a write is under way,
 * or soon after one that is not pressing, are one write. A write that fails is repeated, with the newest status, until
 * it lands. `written` is what the object says already.
 */
export function createStatusWriter<Status>(
  init: StatusWriterInit<Status>,
  written: WrittenStatus,
  signal: AbortSignal,
): StatusWriter<Status> {
  let landed = written;
  let newest: StatusOffer<Status> | undefined;
  let writing: Promise<void> | undefined;
  let closing = false;
  let waitMs = FIRST_WAIT_MS;
  /** How many wait for the newest status to land. */
  let awaited = 0;
  /** Ends the wait for others. */
  let hurry: (() => void) | undefined;
  /** Ends a back-off. */
  const closed = new AbortController();

  const waitForOthers = async ({ pressing }: StatusOffer<Status>): Promise<void> => {
    if (closing || awaited > 0 || pressing() !== landed.pressing) return;
    const wait = new AbortController();
    hurry = () => wait.abort(HURRIED);
    await init.clock.sleep(waitMs, { signal: AbortSignal.any([signal, wait.signal]) }).catch(() => undefined);
    hurry = undefined;
  };
  const run = async (): Promise<void> => {
    // The states of one turn of the event loop (admitted, mounted, …) make one write.
    await Promise.resolve();
    for (let delay = FIRST_RETRY_MS; ;) {
      if (newest === undefined) break;
      const known = newest;
      if (known.text() === landed.text) {
        // What has landed is not kept.
        newest = undefined;
        break;
      }
      await waitForOthers(known);
      if (signal.aborted) break;
      const offer = newest;
      const pressing = offer.pressing();
      const text = offer.text();
      const status = offer.status();
      try {
        await init.write(status, signal);
        landed = { text: init.isOverwritten?.(status) === true ? "" : text, pressing };
        waitMs = NEXT_WAIT_MS;
        delay = FIRST_RETRY_MS;
      } catch (error) {
        if (signal.aborted) break;
        // It may have landed, and only the answer is lost: nobody knows what is there.
        landed = NOTHING;
        init.onError(error);
        if (closing) break;
        const waits = AbortSignal.any([signal, closed.signal]);
        await init.clock.sleep(delay, { signal: waits }).catch(() => undefined);
        delay = Math.min(delay * 2, LAST_RETRY_MS);
      }
    }
    writing = undefined;
  };
  const begin = (): void => {
    writing ??= run();
  };

  return {
    offer: (offer) => {
      newest = offer;
      if (hurry !== undefined && offer.pressing() !== landed.pressing) hurry();
      begin();
    },
    settled: async () => {
      awaited += 1;
      hurry?.();
      await writing;
      awaited -= 1;
    },
    look: (offer) => {
      // A write that is under way looks itself when it is over.
      if (writing !== undefined || init.isOverwritten?.(offer.status()) !== true) return;
      landed = { text: "", pressing: landed.pressing };
    },
    forget: () => {
      landed = NOTHING;
    },
    close: async () => {
      closing = true;
      closed.abort();
      hurry?.();
      await writing;
    },
  };
}
