import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { TimerQueue } from "../src/timer-queue.ts";
import { generator } from "./generator.ts";

describe("TimerQueue", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("fires each timer once, when its time has come, whatever others come and go", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = generator(seed);
      const queue = new TimerQueue();
      const due = new Map<number, number>();
      const open: (readonly [number, Disposable])[] = [];
      const fired = new Set<number>();
      for (let name = 0; name < 200; name++) {
        const at = performance.now() + random(50);
        due.set(name, at);
        const wake = (): void => {
          expect(fired.has(name)).toBe(false);
          expect(performance.now()).toBeGreaterThanOrEqual(at);
          expect(performance.now()).toBeLessThanOrEqual(Math.max(at, 1 + at));
          fired.add(name);
        };
        open.push([name, queue.add(at - performance.now(), wake)]);
        const [gone, timer] = open[random(open.length)] ?? [];
        if (random(3) === 0 && gone !== undefined && timer !== undefined) {
          timer[Symbol.dispose]();
          // What has fired already stays so.
          if (!fired.has(gone)) due.delete(gone);
        }
        if (random(4) === 0) vi.advanceTimersByTime(random(8));
      }
      vi.advanceTimersByTime(60);
      expect([...fired].toSorted((a, b) => a - b)).toEqual([...due.keys()]);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it("holds one timer of the host, and none when nobody waits", () => {
    const queue = new TimerQueue();
    const timers = [30, 10, 20].map((milliseconds) => queue.add(milliseconds, () => undefined));
    expect(vi.getTimerCount()).toBe(1);
    for (const timer of timers) timer[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits as long as the host's longest timer, and longer", () => {
    const queue = new TimerQueue();
    let woken = 0;
    const month = 30 * 24 * 3_600_000;
    queue.add(month, () => woken++);
    vi.advanceTimersByTime(month - 1);
    expect(woken).toBe(0);
    vi.advanceTimersByTime(1);
    expect(woken).toBe(1);
  });

  it("wakes the others when what one wakes fails", () => {
    const queue = new TimerQueue();
    let woken = 0;
    queue.add(5, () => {
      throw new Error("failed");
    });
    queue.add(5, () => woken++);
    expect(() => vi.advanceTimersByTime(5)).toThrow("failed");
    vi.advanceTimersByTime(1);
    expect(woken).toBe(1);
  });
});
