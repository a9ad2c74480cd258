import { monitorEventLoopDelay } from "node:perf_hooks";

import type { Logger } from "pino";

import { systemClock } from "@krustlet/clock";
import { every } from "./every.ts";

/** How often it is looked at, and from where on it is told. */
const PERIOD_MS = 10_000;
const WORTH_TELLING_MS = 500;

/**
 * Watches how long work of this process's own thread keeps others waiting, until the signal is aborted; then it resolves.
 * Guests have threads of their own: what holds this one up holds up the heartbeat, too.
 */
export async function watchLoopDelay(log: Logger, signal: AbortSignal): Promise<void> {
  const histogram = monitorEventLoopDelay({ resolution: 50 });
  histogram.enable();
  try {
    await every({
      ms: PERIOD_MS,
      clock: systemClock,
      signal,
      work: () => {
        const longestMs = Math.round(histogram.max / 1e6);
        const fields = { longestMs, p99Ms: Math.round(histogram.percentile(99) / 1e6) };
        if (longestMs >= WORTH_TELLING_MS) log.warn(fields, "the node's own thread was held up");
        else log.trace(fields, "the node's own thread");
        histogram.reset();
        return Promise.resolve();
      },
      onError: (err) => log.warn({ err }, "the node's own thread cannot be watched"),
    });
  } finally {
    histogram.disable();
  }
}
