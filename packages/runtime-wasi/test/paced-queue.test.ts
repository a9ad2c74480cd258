import { describe, expect, it } from "vitest";
import { PacedQueue } from "../src/thread/paced-queue.ts";

describe("PacedQueue", () => {
  it("works at once, for one slice in each pass of the event loop, in order", () => {
    let now = 0;
    let loops: (() => void)[] = [];
    const done: number[] = [];
    const queue = new PacedQueue<number>({
      now: () => now,
      afterLoop: (callback) => void loops.push(callback),
      work: (item) => {
        done.push(item);
        now += 0.3;
      },
    });
    const counts: number[] = [];
    for (let item = 0; item < 10; item++) queue.push(item);
    while (loops.length > 0) {
      counts.push(done.length);
      const due = loops;
      loops = [];
      for (const callback of due) callback();
    }
    expect(counts).toEqual([4, 8, 10]);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    queue.push(10);
    expect(done.at(-1)).toBe(10);
  });
});
