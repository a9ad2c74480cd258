import { describe, expect, it } from "vitest";
import { Scheduler, type Task } from "../src/thread/scheduler.ts";

/** A thread whose time, event loop and timers a test moves by hand. */
function createThread() {
  let now = 0;
  let cpu = 0;
  let loops: (() => void)[] = [];
  let timers: { readonly at: number; readonly callback: () => void }[] = [];
  const running: boolean[] = [];
  const scheduler = new Scheduler({
    now: () => now,
    cpuMicros: () => cpu * 1_000,
    afterLoop: (callback) => void loops.push(callback),
    later: (callback, ms) => void timers.push({ at: now + ms, callback }),
    running: (runs) => void running.push(runs),
  });
  return {
    scheduler,
    running,
    spend: (ms: number) => {
      now += ms;
      cpu += ms;
    },
    /** Time passes, but the machine gave it to others. */
    lose: (ms: number) => void (now += ms),
    loop: () => {
      const due = loops;
      loops = [];
      for (const callback of due) callback();
      return due.length;
    },
    sleepUntil: (at: number) => {
      now = at;
      const due = timers.filter((timer) => timer.at <= now);
      timers = timers.filter((timer) => timer.at > now);
      for (const { callback } of due) callback();
    },
    get now() {
      return now;
    },
  };
}

const turnOf = (scheduler: Scheduler, task: Task): Promise<void> =>
  new Promise((resolve) => scheduler.turn(task, resolve));

/** Counts the turns that a task gets. */
function watch(turns: string[], name: string, turn: Promise<void> | undefined): void {
  void turn?.then(() => turns.push(name));
}

const settled = (): Promise<void> => Promise.resolve().then(() => undefined);

describe("Scheduler", () => {
  it("gives an idle thread to who asks first and makes the others wait until it is released", async () => {
    const { scheduler, running } = createThread();
    const [a, b] = [scheduler.add({}), scheduler.add({})];
    const turns: string[] = [];
    watch(turns, "a", turnOf(scheduler, a));
    watch(turns, "b", turnOf(scheduler, b));
    await settled();
    expect(turns).toEqual(["a"]);
    scheduler.release(a);
    await settled();
    expect(turns).toEqual(["a", "b"]);
    scheduler.release(b);
    expect(running.at(-1)).toBe(false);
  });

  it("lets the event loop look once a slice, however short the turns are", async () => {
    const thread = createThread();
    const { scheduler } = thread;
    const turns: string[] = [];
    const tasks = Array.from({ length: 10 }, () => scheduler.add({}));
    for (const [index, task] of tasks.entries()) {
      watch(turns, String(index), turnOf(scheduler, task));
    }
    for (const task of tasks) {
      await settled();
      thread.spend(0.3);
      scheduler.release(task);
    }
    await settled();
    expect(turns).toHaveLength(4);
    expect(thread.loop()).toBe(1);
    await settled();
    expect(turns).toHaveLength(5);
  });

  it("lets two that spin take turns, with the event loop between", async () => {
    const thread = createThread();
    const { scheduler } = thread;
    const [a, b] = [scheduler.add({}), scheduler.add({})];
    const turns: string[] = [];
    watch(turns, "a", turnOf(scheduler, a));
    watch(turns, "b", turnOf(scheduler, b));
    for (const name of ["a", "b", "a", "b"]) {
      await settled();
      thread.spend(1);
      watch(turns, name, scheduler.yield());
      await settled();
      thread.loop();
    }
    await settled();
    expect(turns).toEqual(["a", "b", "a", "b", "a"]);
    expect([a.micros, b.micros]).toEqual([2_000, 2_000]);
  });

  it("does not interrupt who has just begun", async () => {
    const thread = createThread();
    const task = thread.scheduler.add({});
    await turnOf(thread.scheduler, task);
    thread.spend(0.1);
    expect(thread.scheduler.yield()).toBeUndefined();
  });

  it("does not charge the time that the machine gave to others", async () => {
    const thread = createThread();
    const task = thread.scheduler.add({});
    await turnOf(thread.scheduler, task);
    thread.spend(3);
    thread.lose(40);
    thread.scheduler.release(task);
    expect(thread.scheduler.microsOf(task)).toBe(3_000);
  });

  it("holds back who has used up its limit until the next period", async () => {
    const thread = createThread();
    const { scheduler } = thread;
    const task = scheduler.add({ cpuLimitMillis: 10 });
    const turns: string[] = [];
    watch(turns, "first", turnOf(scheduler, task));
    await settled();
    thread.spend(1);
    watch(turns, "second", scheduler.yield());
    await settled();
    thread.loop();
    await settled();
    expect(turns).toEqual(["first"]);
    thread.sleepUntil(100);
    await settled();
    expect(turns).toEqual(["first", "second"]);
  });

  it("never gives a turn to a task that was removed, and unwinds it where it was interrupted", async () => {
    const thread = createThread();
    const { scheduler } = thread;
    const [a, b]: readonly Task[] = [scheduler.add({}), scheduler.add({})];
    if (a === undefined || b === undefined) throw new TypeError("two tasks");
    const turns: string[] = [];
    await turnOf(scheduler, a);
    watch(turns, "b", turnOf(scheduler, b));
    thread.spend(1);
    const interrupted = scheduler.yield();
    scheduler.remove(a, new Error("killed"));
    await expect(interrupted).rejects.toThrow("killed");
    scheduler.remove(b, new Error("killed"));
    thread.loop();
    await settled();
    expect(turns).toEqual([]);
  });

  it("unwinds an interrupted task that is removed when it has its turn and does not run yet", async () => {
    const thread = createThread();
    const { scheduler } = thread;
    const [a, b] = [scheduler.add({}), scheduler.add({})];
    const turns: string[] = [];
    await turnOf(scheduler, a);
    thread.spend(1);
    const interrupted = scheduler.yield();
    thread.loop();
    watch(turns, "b", turnOf(scheduler, b));
    scheduler.remove(a, new Error("killed"));
    await expect(interrupted).rejects.toThrow("killed");
    await settled();
    expect(turns).toEqual(["b"]);
  });

  it("lets none go on beneath the one that gives the thread back", async () => {
    const { scheduler } = createThread();
    const [a, b] = [scheduler.add({}), scheduler.add({})];
    const turns: string[] = [];
    await turnOf(scheduler, a);
    scheduler.turn(b, () => turns.push("b"));
    scheduler.release(a);
    expect(turns).toEqual([]);
    await settled();
    expect(turns).toEqual(["b"]);
  });

  it("passes the thread on when the one that holds it is removed", async () => {
    const { scheduler } = createThread();
    const [a, b] = [scheduler.add({}), scheduler.add({})];
    const turns: string[] = [];
    await turnOf(scheduler, a);
    watch(turns, "b", turnOf(scheduler, b));
    scheduler.remove(a, undefined);
    await settled();
    expect(turns).toEqual(["b"]);
  });
});
