import type { Clock } from "@krustlet/interface";

/** What one timer can wait at most; longer sleeps are several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The machine's time. Sleeps are as long as they are asked to be though the wall clock is set meanwhile, and never end
 * early; junk (`NaN`, negative numbers) is no time at all. They keep the process alive.
 */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  sleep: (ms, { signal } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const until = performance.now() + (ms > 0 ? ms : 0);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const wait = (): void => {
        timer = setTimeout(
          look,
          Math.min(Math.max(0, Math.ceil(until - performance.now())), LONGEST_TIMER_MS),
        );
      };
      const look = (): void => {
        if (performance.now() < until) return wait();
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      signal?.addEventListener("abort", abort, { once: true });
      wait();
    }),
};
