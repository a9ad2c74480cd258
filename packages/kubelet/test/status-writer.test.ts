import { FakeClock } from "@krustlet/testkit";
import { expect, it } from "vitest";

import { createStatusWriter } from "../src/status-writer.ts";
import type { StatusOffer } from "../src/status-writer.ts";

const offer = (text: string): StatusOffer<string> => ({
  status: () => text,
  text: () => text,
  pressing: () => text,
});
const nothing = { text: "", pressing: "" };

it("writes a status again whose successor may have landed, though nobody heard of it", async () => {
  const clock = new FakeClock();
  const server: string[] = [];
  let silent = false;
  const write = (status: string): Promise<void> => {
    server.push(status);
    return silent ? Promise.reject(new Error("timeout")) : Promise.resolve();
  };
  const writer = createStatusWriter(
    { clock, write, onError: () => undefined },
    nothing,
    new AbortController().signal,
  );
  writer.offer(offer("ready"));
  await writer.settled();
  silent = true;
  writer.offer(offer("not ready"));
  await clock.advance(0);
  silent = false;
  writer.offer(offer("ready"));
  await clock.advance(1000);
  expect(server).toStrictEqual(["ready", "not ready", "ready"]);
});

it("writes a status again that somebody else has changed, once for each change, and not at once", async () => {
  const clock = new FakeClock();
  let there = "";
  let writes = 0;
  const writer = createStatusWriter<string>(
    {
      clock,
      write: (status) => {
        there = status;
        writes += 1;
        return Promise.resolve();
      },
      isOverwritten: (status) => there !== status,
      onError: () => undefined,
    },
    nothing,
    new AbortController().signal,
  );
  writer.offer(offer("ready"));
  await writer.settled();
  const look = (): void => {
    writer.look(offer("ready"));
    writer.offer(offer("ready"));
  };
  look();
  await clock.advance(20_000);
  expect(writes).toBe(1);
  there = "not ready";
  look();
  look();
  await clock.advance(100);
  expect(writes).toBe(1);
  await clock.advance(20_000);
  expect([there, writes]).toStrictEqual(["ready", 2]);
});
