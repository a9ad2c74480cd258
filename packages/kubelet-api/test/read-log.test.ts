import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { comparableTimeOf } from "@krustlet/cri-log";
import { eventually, FakeClock } from "@krustlet/testkit";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openLogFiles } from "../src/logs/log-file.ts";
import type { LogOptions } from "../src/logs/parse-log-options.ts";
import { readLog } from "../src/logs/read-log.ts";
import { tailStartOf } from "../src/logs/tail-start.ts";
import { appendLog, rotateLog } from "./log-writer.ts";
import type { TestEntry } from "./log-writer.ts";

const START = Date.parse("2026-02-03T04:05:00Z");
const MAX_FILES = 4;
const ALL: LogOptions = { follow: false, previous: false, timestamps: false };
let directory = "";
let logs = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "krustlet-read-log-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What happens to a log: an entry is appended, or something that is none, or it is rotated. */
type Step = (TestEntry & { readonly second: number }) | "garbage" | "rotate";

const entry = fc.record({
  text: fc.oneof(
    { weight: 8, arbitrary: fc.stringMatching(/^[a-zé ]{0,8}$/u) },
    { weight: 1, arbitrary: fc.constant("x".repeat(16 * 1024)) },
  ),
  stream: fc.constantFrom("stdout" as const, "stderr" as const),
  partial: fc.boolean(),
  second: fc.nat(20),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: entry },
  { weight: 1, arbitrary: fc.constant("garbage" as const) },
  { weight: 2, arbitrary: fc.constant("rotate" as const) },
);

const timeOf = (second: number): Date => new Date(START + second * 1000);

async function perform(path: string, each: Step): Promise<void> {
  if (each === "rotate") await rotateLog(path, MAX_FILES);
  else if (each === "garbage") await appendFile(path, `no line of a log\n${"z".repeat(70_000)}\n\n`);
  else await appendLog(path, { ...each, time: timeOf(each.second) });
}

/** The entries that the kept files hold. */
function kept(steps: readonly Step[]): Exclude<Step, string>[] {
  const files: Exclude<Step, string>[][] = [[]];
  for (const each of steps) {
    if (each === "rotate") files.unshift([]);
    else if (each !== "garbage") files[0]?.push(each);
  }
  return files.slice(0, MAX_FILES).toReversed().flat();
}

/** What a reader sees, in the plainest way: lines are made of all entries, then picked, then cut. */
function modelOf(entries: readonly Exclude<Step, string>[], options: LogOptions): string {
  const { stream, since, tailLines, timestamps, limitBytes } = options;
  let lines: { second: number; text: string }[] = [];
  let open = false;
  for (const { second, text, partial } of entries.filter(
    (each) => stream === undefined || each.stream === stream,
  )) {
    if (!open) lines.push({ second, text: "" });
    const line = lines.at(-1);
    if (line !== undefined) line.text += text + (partial === true ? "" : "\n");
    open = partial === true;
  }
  if (tailLines !== undefined) lines = tailLines === 0 ? [] : lines.slice(-tailLines);
  const times = lines.map(({ second }) => comparableTimeOf(timeOf(second).toISOString())!);
  const text = lines
    .map((line, at) => (timestamps ? `${times[at]} ${line.text}` : line.text))
    .filter((_, at) => since === undefined || times[at]! >= since)
    .join("");
  return Buffer.from(text).subarray(0, limitBytes).toString("latin1");
}

async function textOf(path: string, options: LogOptions, ended = AbortSignal.abort()): Promise<string> {
  const { signal } = new AbortController();
  const pieces: Buffer[] = [];
  const clock = new FakeClock();
  for await (const piece of readLog({ log: { path, ended }, options, clock, signal })) pieces.push(piece);
  return Buffer.concat(pieces).toString("latin1");
}

const options: fc.Arbitrary<LogOptions> = fc
  .record({
    follow: fc.boolean(),
    previous: fc.constant(false),
    timestamps: fc.boolean(),
    tailLines: fc.option(fc.nat(12), { nil: undefined }),
    since: fc.option(
      fc.nat(20).map((second) => comparableTimeOf(timeOf(second).toISOString())!),
      { nil: undefined },
    ),
    limitBytes: fc.option(fc.integer({ min: 1, max: 40_000 }), { nil: undefined }),
    stream: fc.option(fc.constantFrom("stdout" as const, "stderr" as const), { nil: undefined }),
  })
  .filter(({ stream, tailLines }) => stream === undefined || tailLines === undefined);

const numRuns = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 150);

describe("reading a log", () => {
  it("gives what the plainest reader would give, whatever was written and is asked for", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), options, async (steps, options) => {
        const path = join(directory, `${logs++}`, "0.log");
        await appendLog(path);
        for (const each of steps) await perform(path, each);
        expect(await textOf(path, options)).toBe(modelOf(kept(steps), options));
      }),
      { seed: 1, numRuns },
    );
  });

  it("that is followed while it is written and rotated gives every line once", async () => {
    const cut = fc.array(fc.oneof(step, fc.constant("look" as const)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(cut, async (steps) => {
        const path = join(directory, `${logs++}`, "0.log");
        const ended = new AbortController();
        const log = { path, ended: ended.signal };
        const { signal } = new AbortController();
        const written: Exclude<Step, string>[] = [];
        let seen = "";
        // The clock stands still: a directory that is not there yet would be looked for after a second that never comes.
        await appendLog(path);
        const reading = (async () => {
          const options = { ...ALL, follow: true };
          for await (const piece of readLog({ log, options, clock: new FakeClock(), signal })) {
            seen += piece.toString("latin1");
          }
        })();
        let rotations = 0;
        for (const each of steps) {
          // A reader may be behind by the files that are kept, and no further.
          if (each === "look" || (each === "rotate" && ++rotations % (MAX_FILES - 1) === 0)) {
            const expected = modelOf(written, ALL);
            await eventually(
              () => seen === expected,
              () => `seen ${seen.length} of ${expected.length} characters`,
            );
          }
          if (each !== "look") await perform(path, each);
          if (typeof each !== "string") written.push(each);
        }
        ended.abort();
        await reading;
        expect(seen).toBe(modelOf(written, ALL));
      }),
      { seed: 1, numRuns: Math.ceil(numRuns / 3) },
    );
  });

  it("from its end does not read what comes before", async () => {
    const path = join(directory, "huge", "0.log");
    const line = "y".repeat(1000);
    for (let part = 0; part < 10; part += 1)
      await appendLog(path, ...Array.from({ length: 1000 }, () => line), { text: line, partial: true });
    await appendLog(path, "end");
    const files = await openLogFiles(path);
    let bytes = 0;
    const counted = files.map((file) => ({
      ...file,
      read: async (into: Buffer, position: number) => {
        const read = await file.read(into, position);
        bytes += read;
        return read;
      },
    }));
    const { offset } = await tailStartOf(counted, 10);
    expect(files[0]!.size - offset).toBeLessThan(12_000);
    expect(bytes).toBeLessThanOrEqual(64 * 1024);
    await Promise.all(files.map((file) => file[Symbol.asyncDispose]()));
  });
});
