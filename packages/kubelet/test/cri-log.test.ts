import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CRI_LOG_LINE_BYTES, parseCriLogLine } from "@krustlet/cri-log";
import { FakeClock } from "@krustlet/testkit";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { openCriLog } from "../src/index.ts";
import { tailOfCriLog } from "../src/termination-message.ts";

let directory = "";
const clock = new FakeClock(new Date("2026-02-03T04:05:06.789Z"));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "krustlet-log-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** The bytes of one stream that the lines of a log stand for. */
function bytesOf(log: string, stream: string): string {
  return log
    .split("\n")
    .map((line) => parseCriLogLine(Buffer.from(line)))
    .filter((entry) => entry?.stream === stream)
    .map((entry) => (entry?.partial === true ? String(entry.text) : `${String(entry?.text)}\n`))
    .join("");
}

describe("a log file", () => {
  it("has a line for each line, with time, stream and tag", async () => {
    const path = join(directory, "a", "b", "0.log");
    const log = openCriLog({ path, clock });
    await log.write("stdout", Buffer.from("one\ntw"));
    await log.write("stderr", Buffer.from("bad\n"));
    await log.write("stdout", Buffer.from("o\n\nrest"));
    await log[Symbol.asyncDispose]();
    const at = "2026-02-03T04:05:06.789000000Z";
    expect(await readFile(path, "utf8")).toBe(
      `${at} stdout F one\n${at} stderr F bad\n${at} stdout F two\n${at} stdout F \n${at} stdout P rest\n`,
    );
  });

  it("holds back a line that has not ended, until that is too long or the container has ended", async () => {
    const path = join(directory, "0.log");
    const log = openCriLog({ path, clock });
    await log.write("stdout", Buffer.from("password: "));
    await log.flush();
    expect(await readFile(path, "utf8")).toBe("");
    await log.write("stdout", Buffer.from("z".repeat(CRI_LOG_LINE_BYTES)));
    await log.flush();
    expect((await readFile(path, "utf8")).split("\n").map((line) => line.slice(30, 50))).toEqual([
      " stdout P password: ",
      "",
    ]);
    await log[Symbol.asyncDispose]();
    expect(bytesOf(await readFile(path, "utf8"), "stdout")).toBe(
      `password: ${"z".repeat(CRI_LOG_LINE_BYTES)}`,
    );
  });

  it("goes on where an earlier writer stopped", async () => {
    const path = join(directory, "0.log");
    await writeFile(path, "earlier\n");
    const log = openCriLog({ path, clock });
    await log.write("stdout", Buffer.from("later\n"));
    await log[Symbol.asyncDispose]();
    expect(await readFile(path, "utf8")).toMatch(/^earlier\n\S+ stdout F later\n$/);
  });

  it("is rotated at its size, never within a line, and keeps so many files", async () => {
    const path = join(directory, "0.log");
    const log = openCriLog({ path, clock, maxBytes: 200, maxFiles: 3 });
    for (let line = 0; line < 40; line += 1) await log.write("stdout", Buffer.from(`line ${line}\n`));
    await log[Symbol.asyncDispose]();
    expect((await readdir(directory)).toSorted()).toStrictEqual(["0.log", "0.log.1", "0.log.2"]);
    const texts = await Promise.all(
      ["0.log.2", "0.log.1", "0.log"].map((name) => readFile(join(directory, name), "utf8")),
    );
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(200 + 60);
    const numbers = bytesOf(texts.join(""), "stdout").trim().split("\n");
    expect(numbers.at(-1)).toBe("line 39");
    expect(numbers).toStrictEqual(Array.from(numbers, (_, index) => `line ${40 - numbers.length + index}`));
  });

  it("asks a writer to wait that is faster than the disk", async () => {
    const log = openCriLog({ path: join(directory, "0.log"), clock });
    const big = Buffer.from(`${"x".repeat(1000)}\n`.repeat(600));
    const waited = log.write("stdout", big);
    expect(waited).toBeInstanceOf(Promise);
    await waited;
    expect(log.write("stdout", Buffer.from("small\n"))).toBeUndefined();
    await log[Symbol.asyncDispose]();
  });

  it("that cannot be made says why, and never rejects", async () => {
    await writeFile(join(directory, "file"), "");
    const log = openCriLog({ path: join(directory, "file", "0.log"), clock });
    await log.write("stdout", Buffer.from("lost\n"));
    await log[Symbol.asyncDispose]();
    expect(log.failure).toMatchObject({ code: "EEXIST" });
  });

  it("gives back the very bytes, however they were cut", async () => {
    const chunk = fc.oneof(
      fc.stringMatching(/^[a-z\n]{0,12}$/u),
      fc.constant("\n"),
      fc.integer({ min: 1, max: 3 }).map((times) => "y".repeat(times * (CRI_LOG_LINE_BYTES - 1))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom("stdout", "stderr"), chunk)), async (writes) => {
        const path = join(directory, `${Math.random()}.log`);
        const log = openCriLog({ path, clock });
        const expected = { stdout: "", stderr: "" };
        for (const [stream, text] of writes) {
          expected[stream] += text;
          await log.write(stream, Buffer.from(text));
        }
        await log[Symbol.asyncDispose]();
        const written = await readFile(path, "utf8");
        expect(bytesOf(written, "stdout")).toBe(expected.stdout);
        expect(bytesOf(written, "stderr")).toBe(expected.stderr);
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});

it("a log's end is its last 80 lines, and at most 2048 bytes of them", () => {
  const line = (text: string): string => `2026-01-01T00:00:00.000000000Z stdout F ${text}\n`;
  const short = Array.from({ length: 100 }, (_, index) => line(String(index))).join("");
  expect(tailOfCriLog(Buffer.from(short)).trim().split("\n")).toStrictEqual(
    Array.from({ length: 80 }, (_, index) => String(index + 20)),
  );
  expect(tailOfCriLog(Buffer.from(line("z".repeat(3000))))).toBe(`${"z".repeat(2047)}\n`);
});

it("a character that the log has cut in two is whole again in a log's end", () => {
  const [first, second] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
  const head = (tag: string): Buffer => Buffer.from(`2026-01-01T00:00:00.000000000Z stdout ${tag} `);
  const newline = Buffer.from("\n");
  const log = Buffer.concat([head("P"), first, newline, head("F"), second, newline]);
  expect(tailOfCriLog(log)).toBe("é\n");
});
