import { FakeClock } from "@krustlet/testkit";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { CallPriority } from "../src/create-call-lanes.ts";
import { createCallLanes } from "../src/create-call-lanes.ts";
import type { RateLimit } from "../src/token-bucket.ts";

function running(limit?: RateLimit) {
  const clock = new FakeClock();
  const lanes = createCallLanes({ clock, limit });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, priority: CallPriority, signal?: AbortSignal, since?: Date): Promise<void> =>
    lanes.run(
      priority,
      () => {
        begun.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      },
      { since, ...(signal !== undefined && { signal }) },
    );
  const finish = (name: string): void => ends.get(name)?.();
  const end = async (name: string): Promise<void> => {
    finish(name);
    await clock.advance(0);
  };
  return { clock, begun, run, finish, end };
}

test("ten calls go at once, and the rest in their order as those end", async () => {
  const { begun, run, end } = running();
  const all = Array.from({ length: 13 }, (_, i) => run(String(i), "normal"));
  await end("none");
  expect(begun).toHaveLength(10);
  await end("3");
  await end("1");
  expect(begun.slice(10)).toEqual(["10", "11"]);
  for (let i = 0; i < 13; i += 1) await end(String(i));
  await Promise.all(all);
});

test("a heartbeat waits for nothing", async () => {
  const { begun, run, end } = running({ perSecond: 1, burst: 1 });
  for (let i = 0; i < 100; i += 1) void run(String(i), "normal");
  await end("none");
  begun.length = 0;
  void run("beat", "urgent");
  expect(begun).toEqual(["beat"]);
});

test("Events wait until it is quiet", async () => {
  const { clock, begun, run, end } = running();
  void run("first", "background");
  await end("none");
  expect(begun).toEqual(["first"]);
  await end("first");
  begun.length = 0;
  void run("status", "normal");
  void run("event", "background");
  await end("none");
  expect(begun).toEqual(["status"]);
  await end("status");
  await clock.advance(99);
  expect(begun).toEqual(["status"]);
  await clock.advance(1);
  expect(begun).toEqual(["status", "event"]);
});

test("Events go after two seconds beside a few calls, and after ten beside many", async () => {
  const { clock, begun, run, end } = running();
  void run("long", "normal");
  void run("event", "background");
  await clock.advance(1999);
  expect(begun).not.toContain("event");
  await clock.advance(1);
  expect(begun).toContain("event");
  for (let i = 0; i < 20; i += 1) void run(String(i), "normal");
  void run("late", "background");
  await clock.advance(9999);
  expect(begun).not.toContain("late");
  await clock.advance(1);
  expect(begun).toContain("late");
  await end("event");
  void run("later", "background", undefined, new Date(clock.now().getTime() - 10_000));
  await end("none");
  expect(begun).toContain("later");
});

test.each([-3_600_000, 3_600_000])(
  "a clock that is set by %s ms makes no Event wait longer, and no call fail",
  async (ms) => {
    const { clock, begun, run, end } = running();
    await clock.advance(3_600_000);
    void run("status", "normal");
    await end("none");
    await end("status");
    for (let i = 0; i < 11; i += 1) void run(`status ${i}`, "normal");
    await end("none");
    clock.set(ms);
    await end("status 0");
    expect(begun).toContain("status 10");
    for (let i = 1; i < 11; i += 1) await end(`status ${i}`);
    void run("event", "background");
    await clock.advance(100);
    expect(begun).toContain("event");
  },
);

test("a limit holds for all but the urgent", async () => {
  const { clock, begun, run, end } = running({ perSecond: 10, burst: 2 });
  for (let i = 0; i < 5; i += 1) void run(String(i), "normal");
  await end("none");
  expect(begun).toHaveLength(2);
  await clock.advance(100);
  expect(begun).toHaveLength(3);
  await clock.advance(200);
  expect(begun).toHaveLength(5);
});

test("who waits can give up, and does after a minute", async () => {
  const { clock, begun, run, end } = running();
  for (let i = 0; i < 10; i += 1) void run(String(i), "normal");
  const stop = new AbortController();
  const stopped = run("stopped", "normal", stop.signal);
  const late = run("late", "normal").catch((error: unknown) => error);
  await end("none");
  stop.abort(new Error("enough"));
  await expect(stopped).rejects.toThrow("enough");
  await clock.advance(60_000);
  expect(await late).toMatchObject({ code: "Timeout", retryable: true });
  await end("0");
  await end("1");
  void run("next", "normal");
  await end("none");
  expect(begun.at(-1)).toBe("next");
  expect(begun).toHaveLength(11);
});

test("who gives up in the very moment in which the turn comes leaves it to others", async () => {
  const { clock, begun, run, finish } = running();
  for (let i = 0; i < 10; i += 1) void run(String(i), "normal");
  await clock.advance(0);
  for (let i = 0; i < 10; i += 1) {
    const stop = new AbortController();
    const waiting = run(`given up ${i}`, "normal", stop.signal);
    finish(String(i));
    stop.abort(new Error("not wanted"));
    await expect(waiting).rejects.toThrow("not wanted");
    void run(String(10 + i), "normal");
    await clock.advance(0);
  }
  expect(begun).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
});

test("no order of calls, ends and second thoughts loses a turn", async () => {
  const move = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("call" as const), background: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("give up" as const), which: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.constant({ do: "turn" as const }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 80, size: "max" }), async (moves) => {
      const { clock, begun, run, finish } = running();
      const stops: AbortController[] = [];
      const all: Promise<unknown>[] = [];
      for (const each of moves) {
        if (each.do === "call") {
          const stop = new AbortController();
          const called = run(String(stops.length), each.background ? "background" : "normal", stop.signal);
          all.push(called.catch(() => undefined));
          stops.push(stop);
        } else if (each.do === "end") finish(String(each.which));
        else if (each.do === "give up") stops[each.which]?.abort(new Error("not wanted"));
        else await Promise.resolve();
      }
      for (const stop of stops) stop.abort(new Error("it is over"));
      await clock.advance(0);
      for (const each of stops.keys()) finish(String(each));
      await Promise.all(all);
      begun.length = 0;
      const last = Array.from({ length: 10 }, (_, i) => `last ${i}`);
      for (const each of last) void run(each, "normal");
      for (const each of ["a", "b"]) void run(each, "background");
      await clock.advance(10_000);
      expect(begun).toEqual([...last, "a", "b"]);
    }),
    { seed: 11, numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 300) },
  );
});
