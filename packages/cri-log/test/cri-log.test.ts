import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  comparableTimeOf,
  CRI_LOG_LINE_BYTES,
  criLogLineOf,
  logPathOf,
  parseCriLogLine,
  rotatedLogPathOf,
  splitLogLines,
} from "../src/index.ts";

const time = new Date("2026-02-03T04:05:06.789Z");

describe("a line of a log", () => {
  it("is read back as it was written, whatever its bytes are", () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom("stdout", "stderr"),
        fc.boolean(),
        (text, stream, partial) => {
          const line = criLogLineOf(time, stream, { text, partial });
          const entry = parseCriLogLine(line.subarray(0, -1));
          expect(entry).toMatchObject({ time: "2026-02-03T04:05:06.789000000Z", stream, partial });
          expect(Buffer.compare(entry!.text, text)).toBe(0);
        },
      ),
      { seed: 1 },
    );
  });

  it("may have further tags behind the first", () => {
    expect(parseCriLogLine(Buffer.from("t stderr P:x:y text"))).toMatchObject({
      stream: "stderr",
      partial: true,
    });
  });

  it.each([
    "",
    " ",
    "t",
    "t stdout",
    "t stdout F",
    " stdout F text",
    "t stdin F text",
    "t stdout X text",
    "t stdout FF text",
  ])("is not %j", (text) => {
    expect(parseCriLogLine(Buffer.from(text))).toBeUndefined();
  });

  it("is found or not in any bytes, and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const entry = parseCriLogLine(bytes);
        expect(entry === undefined || entry.text.length < bytes.length).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("without end is cut into partial lines, and little of it is kept in memory", () => {
    const { lines, rest } = splitLogLines(new Uint8Array(0), Buffer.alloc(CRI_LOG_LINE_BYTES * 3 + 5, "x"));
    expect(lines.every(({ partial }) => partial)).toBe(true);
    expect(lines).toHaveLength(3);
    expect(rest).toHaveLength(5);
  });
});

describe("times of logs", () => {
  it("sort as texts, in whatever zone they were written", () => {
    const times = ["2026-01-01T01:00:00.1+02:00", "2025-12-31T23:00:00.100000001Z", "2025-12-31T23:00:01Z"];
    expect(times.map((each) => comparableTimeOf(each))).toStrictEqual([
      "2025-12-31T23:00:00.100000000Z",
      "2025-12-31T23:00:00.100000001Z",
      "2025-12-31T23:00:01.000000000Z",
    ]);
  });

  it.each([
    "",
    "now",
    "2026-01-01",
    "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00",
    "9999-12-31T23:59:59-01:00",
  ])("are not %j", (text) => {
    expect(comparableTimeOf(text)).toBeUndefined();
  });

  it("of any Date stand for that Date", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
        (date) => {
          expect(new Date(comparableTimeOf(date.toISOString())!).getTime()).toBe(date.getTime());
        },
      ),
      { seed: 1 },
    );
  });
});

it("a log's path stays under its root, whatever names are in it", () => {
  const pod = { namespace: "..", name: "../../etc", uid: "/\0" };
  const path = logPathOf("/root", pod, "..", 3);
  expect(path).toBe("/root/logs/pods/.._..-..-etc_--/-/3.log");
  expect([0, 1, 2].map((age) => rotatedLogPathOf(path, age).slice(-7))).toStrictEqual([
    "-/3.log",
    "3.log.1",
    "3.log.2",
  ]);
});

it("a log's path has no part that is longer than a file system takes, and its pod's UID in it", () => {
  const uid = "0".repeat(36);
  const pod = { namespace: "n".repeat(63), name: "p".repeat(253), uid };
  const parts = logPathOf("/root", pod, "c".repeat(63), 3).split("/");
  expect(parts.filter((part) => part.length > 255)).toEqual([]);
  expect(parts[4]).toMatch(new RegExp(`^n{63}_p{154}_${uid}$`, "u"));
  const short = { ...pod, name: "p".repeat(154) };
  expect(logPathOf("/root", short, "c", 3)).toContain(`_${short.name}_${uid}/`);
});
