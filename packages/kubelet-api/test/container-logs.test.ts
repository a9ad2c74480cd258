import { once } from "node:events";
import { appendFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";

import { eventually } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { openApiBench, runningPod } from "./api-bench.ts";
import type { ApiBench } from "./api-bench.ts";
import { appendLog, rotateLog } from "./log-writer.ts";

const LOGS = "/containerLogs/default/web/main";

/** A server with one running pod; its log is empty. */
async function openLogBench(): Promise<ApiBench & { readonly log: string; readonly end: () => void }> {
  const bench = await openApiBench();
  const log = join(bench.directory, "main", "0.log");
  const ended = new AbortController();
  bench.pods.push(runningPod());
  bench.logs.set("wasi://1", { path: log, ended: ended.signal });
  return Object.assign(bench, { log, end: () => ended.abort() });
}

/** Follows a log; `seen()` is what has come so far. */
async function follow(bench: ApiBench, path: string) {
  const answer = await bench.open(path);
  let seen = "";
  answer.setEncoding("utf8").on("data", (chunk: string) => void (seen += chunk));
  const over = once(answer, "end");
  return {
    answer,
    over,
    seen: () => seen,
    shows: (text: string) =>
      eventually(
        () => seen === text,
        () => `the log shows ${JSON.stringify(seen)}`,
      ),
  };
}

describe("a container's log", () => {
  it("is the text of both streams, in the order in which it was written", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "one", { text: "two", stream: "stderr" }, "three");
    const answer = await bench.get(LOGS);
    expect(answer).toMatchObject({ status: 200, text: "one\ntwo\nthree\n" });
    expect(answer.headers).toMatchObject({
      "content-type": "text/plain",
      "x-content-type-options": "nosniff",
    });
  });

  it("joins the pieces of long lines, and has no newline at the end where the container wrote none", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, { text: "a", partial: true }, { text: "b", partial: true }, "c", {
      text: "d",
      partial: true,
    });
    await expect(bench.get(LOGS)).resolves.toMatchObject({ text: "abc\nd" });
    await expect(bench.get(`${LOGS}?tailLines=2`)).resolves.toMatchObject({ text: "abc\nd" });
    await expect(bench.get(`${LOGS}?tailLines=1`)).resolves.toMatchObject({ text: "d" });
  });

  it("can be had with times, which stand before whole lines", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, { text: "a", partial: true }, "b", "c");
    const at = "2026-02-03T04:05:06.789000000Z";
    await expect(bench.get(`${LOGS}?timestamps=true`)).resolves.toMatchObject({
      text: `${at} ab\n${at} c\n`,
    });
  });

  it("can be had from its end, by lines, also from files that were rotated away", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "1", "2");
    await rotateLog(bench.log, 5);
    await appendLog(bench.log, "3", "4");
    await rotateLog(bench.log, 5);
    await appendLog(bench.log, "5");
    await expect(bench.get(LOGS)).resolves.toMatchObject({ text: "1\n2\n3\n4\n5\n" });
    await expect(bench.get(`${LOGS}?tailLines=2`)).resolves.toMatchObject({ text: "4\n5\n" });
    await expect(bench.get(`${LOGS}?tailLines=4`)).resolves.toMatchObject({ text: "2\n3\n4\n5\n" });
    await expect(bench.get(`${LOGS}?tailLines=9`)).resolves.toMatchObject({ text: "1\n2\n3\n4\n5\n" });
    await expect(bench.get(`${LOGS}?tailLines=0`)).resolves.toMatchObject({ status: 200, text: "" });
    await expect(bench.get(`${LOGS}?tail=1`)).resolves.toMatchObject({ text: "5\n" });
    await expect(bench.get(`${LOGS}?tail=all&tailLines=1`)).resolves.toMatchObject({
      text: "1\n2\n3\n4\n5\n",
    });
  });

  it("can be had from a time on", async () => {
    await using bench = await openLogBench();
    const now = bench.clock.now().getTime();
    const ago = (seconds: number): Date => new Date(now - seconds * 1000);
    await appendLog(bench.log, { text: "old", time: ago(60) }, { text: "new", time: ago(5) });
    await expect(bench.get(`${LOGS}?sinceSeconds=10`)).resolves.toMatchObject({ text: "new\n" });
    await expect(bench.get(`${LOGS}?sinceSeconds=99999999999999999`)).resolves.toMatchObject({
      text: "old\nnew\n",
    });
    const time = encodeURIComponent(ago(5).toISOString());
    await expect(bench.get(`${LOGS}?sinceTime=${time}`)).resolves.toMatchObject({ text: "new\n" });
    await expect(bench.get(`${LOGS}?sinceTime=${time}&tailLines=2`)).resolves.toMatchObject({
      text: "new\n",
    });
  });

  it("can be cut at so many bytes of what is sent", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "12345", "67890");
    await expect(bench.get(`${LOGS}?limitBytes=8`)).resolves.toMatchObject({ text: "12345\n67" });
    await expect(bench.get(`${LOGS}?limitBytes=3&follow=true`)).resolves.toMatchObject({ text: "123" });
  });

  it("can be had of one stream", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "out", { text: "err", stream: "stderr" });
    await expect(bench.get(`${LOGS}?stream=Stdout`)).resolves.toMatchObject({ text: "out\n" });
    await expect(bench.get(`${LOGS}?stream=Stderr`)).resolves.toMatchObject({ text: "err\n" });
    await expect(bench.get(`${LOGS}?stream=All`)).resolves.toMatchObject({ text: "out\nerr\n" });
  });

  it("is empty while the container has written nothing, and skips what is no line of a log", async () => {
    await using bench = await openLogBench();
    await expect(bench.get(LOGS)).resolves.toMatchObject({ status: 200, text: "" });
    await appendLog(bench.log, "a");
    await appendFile(bench.log, `garbage\n\n${"x".repeat(300_000)}\n`);
    await appendLog(bench.log, "b");
    await expect(bench.get(LOGS)).resolves.toMatchObject({ text: "a\nb\n" });
    await expect(bench.get(`${LOGS}?tailLines=2`)).resolves.toMatchObject({ text: "a\nb\n" });
  });

  it("that ends within a line which is just being written is shown so far", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "whole", "cut short");
    await truncate(bench.log, (await stat(bench.log)).size - 6);
    await expect(bench.get(LOGS)).resolves.toMatchObject({ text: "whole\ncut " });
  });
});

describe("a log that is followed", () => {
  it("comes line by line, and ends when the container has ended", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "before");
    const log = await follow(bench, `${LOGS}?follow=true`);
    await log.shows("before\n");
    await appendLog(bench.log, "then");
    await log.shows("before\nthen\n");
    await appendLog(bench.log, "last");
    bench.end();
    await log.over;
    expect(log.seen()).toBe("before\nthen\nlast\n");
  });

  it("begins before the container has written, or its directory is there", async () => {
    await using bench = await openLogBench();
    const log = await follow(bench, `${LOGS}?follow=true&tailLines=10`);
    await appendLog(bench.log, "first");
    await eventually(
      () => bench.clock.sleeping > 0 || log.seen() !== "",
      () => "nobody waits",
    );
    await bench.clock.advance(1000);
    await log.shows("first\n");
    bench.end();
    await log.over;
    expect(log.seen()).toBe("first\n");
  });

  it("shows only what comes from now on, with tailLines=0", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "before");
    const log = await follow(bench, `${LOGS}?follow=true&tailLines=0`);
    await appendLog(bench.log, "after");
    await log.shows("after\n");
    bench.end();
    await log.over;
    expect(log.seen()).toBe("after\n");
  });

  it("loses and repeats nothing while it is rotated again and again", async () => {
    await using bench = await openLogBench();
    let count = 0;
    const write = (): Promise<void> => appendLog(bench.log, `line ${count++}`);
    await write();
    const log = await follow(bench, `${LOGS}?follow=true`);
    for (let turn = 0; turn < 30; turn += 1) {
      await write();
      await rotateLog(bench.log, 4, () => new Promise((resolve) => void setImmediate(resolve)));
      await write();
      await log.shows(Array.from({ length: count }, (_, line) => `line ${line}\n`).join(""));
    }
    bench.end();
    await log.over;
    expect(log.seen().split("\n")).toHaveLength(count + 1);
  });

  it("of a container that is over ends at once", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "all there is");
    bench.end();
    await expect(bench.get(`${LOGS}?follow=true`)).resolves.toMatchObject({ text: "all there is\n" });
  });

  it("is let go when the client has gone", async () => {
    await using bench = await openLogBench();
    await appendLog(bench.log, "before");
    const log = await follow(bench, `${LOGS}?follow=true`);
    await log.shows("before\n");
    await eventually(
      () => bench.clock.sleeping === 1,
      () => "nobody waits for the log to change",
    );
    log.over.catch(() => undefined);
    log.answer.destroy();
    await eventually(
      () => bench.clock.sleeping === 0,
      () => "somebody still waits for the log to change",
    );
    expect(bench.warnings).toStrictEqual([]);
  });

  it("does not hold up the end of the server", async () => {
    const bench = await openLogBench();
    await appendLog(bench.log, "before");
    const log = await follow(bench, `${LOGS}?follow=true`);
    await log.shows("before\n");
    log.over.catch(() => undefined);
    log.answer.on("error", () => undefined);
    await bench[Symbol.asyncDispose]();
    expect(bench.clock.sleeping).toBe(0);
  });

  it("of which nobody reads is not read ahead, and holds up nobody else", async () => {
    await using bench = await openLogBench();
    const line = "x".repeat(1000);
    for (let part = 0; part < 20; part += 1)
      await appendLog(bench.log, ...Array.from({ length: 1000 }, () => line));
    const lazy = await bench.open(`${LOGS}?follow=true`);
    const before = process.memoryUsage().arrayBuffers;
    await expect(bench.get(`${LOGS}?tailLines=1`)).resolves.toMatchObject({ text: `${line}\n` });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    let size = 0;
    bench.end();
    for await (const chunk of lazy) size += (chunk as Buffer).length;
    expect(size).toBe(20 * 1000 * 1001);
  });
});

describe("a log that there is not", () => {
  const refusals: readonly [string, number, string][] = [
    ["/containerLogs/default/nobody/main", 404, 'pod "nobody" does not exist'],
    ["/containerLogs/other/web/main", 404, 'pod "web" does not exist'],
    ["/containerLogs/default/web/nobody", 404, 'container "nobody" not found in pod "web"'],
    [`${LOGS}?previous=true`, 400, 'previous terminated container "main" in pod "web" not found'],
    [`${LOGS}?tailLines=x`, 400, "Unable to decode query: tailLines has no such value.\n"],
    [`${LOGS}?tailLines=-1`, 422, "Invalid request: tailLines must not be negative.\n"],
  ];
  it.each(refusals)("is refused: %s", async (path, status, text) => {
    await using bench = await openLogBench();
    await expect(bench.get(path)).resolves.toMatchObject({ status, text });
  });

  it("anymore is told so", async () => {
    await using bench = await openLogBench();
    bench.logs.clear();
    await expect(bench.get(LOGS)).resolves.toMatchObject({
      status: 400,
      text: 'the log of container "main" in pod "web" is no longer there',
    });
  });
});
