import { systemClock } from "@krustlet/clock";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function isOver(sleep: Promise<void>): Promise<() => boolean> {
  let over = false;
  void sleep.then(() => (over = true));
  await Promise.resolve();
  return () => over;
}

it("sleeps as long as it is asked to, longer than a timer can too", async () => {
  const over = await isOver(systemClock.sleep(2 ** 32));
  await vi.advanceTimersByTimeAsync(2 ** 32 - 1);
  expect(over()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(over()).toBe(true);
});

it("does not sleep longer because the wall clock is set back, nor shorter because it is set forward", async () => {
  for (const jump of [-3_600_000, 3_600_000]) {
    const over = await isOver(systemClock.sleep(10_000));
    vi.setSystemTime(systemClock.now().getTime() + jump);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(over()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over()).toBe(true);
  }
});

it("rejects with the signal's reason, at once and while it sleeps, and leaves no timer behind", async () => {
  const reason = new Error("enough");
  await expect(systemClock.sleep(1000, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const sleep = systemClock.sleep(1000, { signal: controller.signal });
  controller.abort(reason);
  await expect(sleep).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});

it("takes junk for no time at all", async () => {
  for (const ms of [Number.NaN, -1, 0]) {
    const over = await isOver(systemClock.sleep(ms));
    await vi.advanceTimersByTimeAsync(0);
    expect(over()).toBe(true);
  }
});
