import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock, within } from "@krustlet/clock";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const clock = systemClock;
const late = (): never => {
  throw new Error("too late");
};
const never = (): Promise<never> => new Promise(() => undefined);

it("gives what the work gives, leaves no timer, and lets what it opened live on", async () => {
  const given: AbortSignal[] = [];
  const work = async (signal: AbortSignal): Promise<string> => {
    given.push(signal);
    return "done";
  };
  await expect(within({ clock, ms: 1000, late }, work)).resolves.toBe("done");
  expect(given[0]?.aborted).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

it("gives up work that heeds no signal, and tells it why", async () => {
  let reason: unknown;
  const work = (signal: AbortSignal): Promise<never> => {
    signal.addEventListener("abort", () => (reason = signal.reason));
    return never();
  };
  const over = within<unknown>({ clock, ms: 1000, late }, work).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await over).toEqual(new Error("too late"));
  expect(reason).toEqual(new Error("it took too long"));
});

it("gives something else where that is what is wanted in the end", async () => {
  const over = within<string>({ clock, ms: 1000, late: () => "nothing" }, never);
  await vi.advanceTimersByTimeAsync(1000);
  await expect(over).resolves.toBe("nothing");
});

it("rejects with its signal's reason at once, before and during the work, whatever the work says", async () => {
  const why = new Error("enough");
  const work = vi.fn<() => Promise<never>>(never);
  const aborted = { clock, ms: 1000, late, signal: AbortSignal.abort(why) };
  await expect(within(aborted, work)).rejects.toBe(why);
  expect(work).not.toHaveBeenCalled();
  const controller = new AbortController();
  const over = within({ clock, ms: 1000, late, signal: controller.signal }, never);
  controller.abort(why);
  await expect(over).rejects.toBe(why);
  const other = new AbortController();
  const loser = within({ clock, ms: 1000, late, signal: other.signal }, () => {
    other.abort(why);
    return Promise.reject(new Error("something else"));
  });
  await expect(loser).rejects.toBe(why);
  expect(vi.getTimerCount()).toBe(0);
});

it("rejects with what the work rejects with, even where that is at once", async () => {
  const broken = new Error("broken");
  await expect(within({ clock, ms: 1000, late }, () => Promise.reject(broken))).rejects.toBe(broken);
  const thrown = within({ clock, ms: 1000, late }, () => {
    throw broken;
  });
  await expect(thrown).rejects.toBe(broken);
  expect(vi.getTimerCount()).toBe(0);
});
