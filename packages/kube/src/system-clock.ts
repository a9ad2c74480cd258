import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@krustlet/interface";

/** The machine's clock. */
export const SYSTEM_CLOCK: Clock = {
  now: () => new Date(),
  async sleep(ms, options) {
    try {
      await sleep(ms, undefined, options?.signal === undefined ? {} : { signal: options.signal });
    } catch (error) {
      throw options?.signal?.aborted === true ? options.signal.reason : error;
    }
  },
};
