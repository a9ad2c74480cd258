import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Runnable, RunQueue, weightOf } from "../src/thread/run-queue.ts";

interface Named extends Runnable {
  readonly name: number;
  used: number;
}

const taskOf = (name: number, weight = 1): Named => ({ name, weight, used: 0, vruntime: 0, arrival: 0 });

describe("RunQueue", () => {
  it("takes the least virtual time first, and among equals who came first", () => {
    const everyOrder = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 });
    fc.assert(
      fc.property(everyOrder, (times) => {
        const queue = new RunQueue<Named>();
        for (const [name, vruntime] of times.entries()) queue.push({ ...taskOf(name), vruntime });
        const taken: Named[] = [];
        for (let task = queue.pickNext(); task !== undefined; task = queue.pickNext()) taken.push(task);
        const sorted = taken.toSorted((a, b) => a.vruntime - b.vruntime || a.name - b.name);
        expect(taken.map(({ name }) => name)).toEqual(sorted.map(({ name }) => name));
        expect(taken).toHaveLength(times.length);
      }),
      { seed: 1 },
    );
  });

  it("shares a busy thread by weight, whatever the lengths of the slices", () => {
    const weights = fc.array(fc.integer({ min: 2, max: 512 }), { minLength: 2, maxLength: 6 });
    const slices = fc.array(fc.integer({ min: 500, max: 2_000 }), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(weights, slices, (given, lengths) => {
        const queue = new RunQueue<Named>();
        const tasks = given.map((weight, name) => taskOf(name, weight));
        for (const task of tasks) queue.push(task);
        for (let round = 0; round < 4_000; round++) {
          const task = queue.pickNext();
          const length = lengths[round % lengths.length];
          if (task === undefined || length === undefined) throw new TypeError("the queue ran dry");
          task.used += length;
          task.vruntime += length / task.weight;
          queue.push(task);
        }
        // No two are ever further apart in virtual time than one slice of the lighter one.
        for (const a of tasks) {
          for (const b of tasks) {
            const bound = 2_000 / Math.min(a.weight, b.weight);
            expect(Math.abs(a.used / a.weight - b.used / b.weight)).toBeLessThanOrEqual(bound + 1e-6);
          }
        }
      }),
      { seed: 2, numRuns: 30 },
    );
  });

  it("does not let a task save up time by sleeping", () => {
    const queue = new RunQueue<Named>();
    const [busy, sleeper] = [taskOf(0), taskOf(1)];
    queue.push(busy);
    for (let slice = 0; slice < 1_000; slice++) {
      const task = queue.pickNext();
      expect(task).toBe(busy);
      busy.vruntime += 1_000;
      queue.push(busy);
    }
    queue.push(sleeper);
    const turns: number[] = [];
    for (let slice = 0; slice < 10; slice++) {
      const task = queue.pickNext();
      if (task === undefined) throw new TypeError("the queue ran dry");
      turns.push(task.name);
      task.vruntime += 1_000;
      queue.push(task);
    }
    expect(turns.filter((name) => name === sleeper.name)).toHaveLength(5);
    expect(turns[0]).toBe(sleeper.name);
  });
});

describe("RunQueue.wake", () => {
  it("lets one that sleeps between short turns run soon, whatever the weights", () => {
    const weights = fc.array(fc.integer({ min: 2, max: 512 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 2, max: 512 }), (given, weight) => {
        const queue = new RunQueue<Named>();
        const spinners = given.map((each, name) => taskOf(name + 1, each));
        for (const spinner of spinners) queue.push(spinner);
        const sleeper = taskOf(0, weight);
        for (let round = 0; round < 20; round++) {
          queue.wake(sleeper);
          let waited = 0;
          for (;;) {
            const task = queue.pickNext();
            if (task === undefined) throw new TypeError("the queue ran dry");
            if (task === sleeper) break;
            waited += 1_000;
            task.vruntime += 1_000 / task.weight;
            queue.push(task);
          }
          // Four milliseconds, and a slice for each that was due before.
          expect(waited).toBeLessThanOrEqual(4_000 + 1_000 * spinners.length);
          sleeper.vruntime += 1_000 / sleeper.weight;
        }
      }),
      { seed: 4 },
    );
  });
});

describe("RunQueue.ran", () => {
  it("lets one that waits run before those that keep coming have used more than it is ahead", () => {
    const queue = new RunQueue<Named>();
    const waiting = { ...taskOf(0), vruntime: 10_000 };
    queue.push(waiting);
    let used = 0;
    for (let name = 1; name < 1_000; name++) {
      queue.push(taskOf(name));
      const task = queue.pickNext();
      if (task === undefined) throw new TypeError("the queue ran dry");
      if (task === waiting) break;
      used += 100;
      task.vruntime += 100;
      queue.ran(task);
    }
    expect(used).toBe(10_000);
  });
});

describe("those who come for the first time", () => {
  it("go before one that has used more, but never keep it waiting while they come without end", () => {
    const queue = new RunQueue<Named>();
    // Interrupted in its first turn: a millisecond ahead of all that come now.
    const interrupted = { ...taskOf(0), vruntime: 1_000 };
    queue.push(interrupted);
    let before = 0;
    // Always a few of them wait, so that virtual time stands still.
    for (let name = 1; name <= 5; name++) queue.wake(taskOf(name));
    for (let name = 6; name < 10_000; name++) {
      queue.wake(taskOf(name));
      const task = queue.pickNext();
      if (task === undefined) throw new TypeError("the queue ran dry");
      if (task === interrupted) break;
      before++;
      task.vruntime += 100;
      queue.ran(task);
    }
    expect(before).toBe(8);
  });

  it("have their first turns in the order in which they came", () => {
    const queue = new RunQueue<Named>();
    for (let name = 0; name < 20; name++) queue.wake(taskOf(name, name + 2));
    const names = Array.from({ length: 20 }, () => queue.pickNext()?.name);
    expect(names).toEqual(names.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect(queue.size).toBe(0);
    expect(queue.pickNext()).toBeUndefined();
  });
});

describe("weightOf", () => {
  it("is the kubelet's cpu.shares, 2 for a container without a request", () => {
    expect([undefined, 0, 1, 100, 250, 1_000].map((millis) => weightOf(millis))).toEqual([
      2, 2, 2, 102, 256, 1_024,
    ]);
  });
});
