import type { Clock } from "@krustlet/interface";
import type { Observable } from "rxjs";

import { every } from "./every.ts";

/** How long no pod takes a step in what counts as quiet. */
const QUIET_MS = 2000;
/** As many steps as some twenty pods take from their first to running. */
const WORTH_STEPS = 100;

/** What {@link releaseMemoryWhenQuiet} goes by. */
export interface ReleaseMemoryInit {
  /** Tells of each step of a pod. */
  readonly steps$: Observable<unknown>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly release: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Has this thread's memory released once the node has begun, and once each burst of pods is over, until the signal is aborted; then it
 * resolves. V8 itself collects when it needs more memory, and a node whose pods sleep needs none: it would keep what its
 * busiest moment has left.
 */
export async function releaseMemoryWhenQuiet(init: ReleaseMemoryInit): Promise<void> {
  const { steps$, clock, signal, release, onError } = init;
  let steps = 0;
  // The beginning is a burst, too.
  let [seen, released] = [0, -WORTH_STEPS];
  const counting = steps$.subscribe(() => (steps += 1));
  const work = (): Promise<void> => {
    const isQuiet = steps === seen;
    seen = steps;
    if (isQuiet && steps - released >= WORTH_STEPS) {
      released = steps;
      release();
    }
    return Promise.resolve();
  };
  await every({ ms: QUIET_MS, clock, signal, work, onError });
  counting.unsubscribe();
}
