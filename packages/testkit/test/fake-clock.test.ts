import { describe, expect, it } from "vitest";
import { FakeClock } from "../src/index.ts";

describe("FakeClock", () => {
  it("wakes sleepers in the order of their times, each at its own time", async () => {
    const clock = new FakeClock(new Date(0));
    const woken: string[] = [];
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push(`${name}@${clock.now().getTime()}`);
      if (name === "again") await sleep("then", 5);
    };
    const all = Promise.all([sleep("late", 30), sleep("again", 10)]);
    await clock.advance(20);
    expect([woken, clock.sleeping]).toEqual([["again@10", "then@15"], 1]);
    await clock.advance(10);
    await all;
    expect(woken.at(-1)).toBe("late@30");
  });

  it("rejects a sleep with the reason of its signal and forgets it", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(10, { signal: controller.signal });
    controller.abort(new Error("given up"));
    await expect(sleeping).rejects.toThrow("given up");
    expect(clock.sleeping).toBe(0);
    await expect(clock.sleep(1, { signal: controller.signal })).rejects.toThrow("given up");
  });
});
