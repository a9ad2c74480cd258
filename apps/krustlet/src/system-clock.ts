import { setTimeout as sleep } from "node:timers/promises";

import type { Clock } from "@krustlet/interface";

/** What a timer of Node can wait at most; longer sleeps are several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's time. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, options = {}) => {
    const until = Date.now() + ms;
    for (let left = ms; ; left = until - Date.now()) {
      await sleep(Math.min(Math.max(0, left), LONGEST_TIMER_MS), undefined, { signal: options.signal });
      if (Date.now() >= until) return;
    }
  },
};
