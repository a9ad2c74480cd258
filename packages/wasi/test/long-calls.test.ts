import { readdirSync, readlinkSync } from "node:fs";
import { link, readdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";

import { eventually } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import type { RootNode } from "../src/index.ts";
import { runFiles } from "./run-guest.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const MEBIBYTE = 1_048_576;

/** Runs operations; answers their lines, and how often somebody else could have had the thread. */
async function runCounting(path: string, args: readonly string[]): Promise<[readonly string[], number]> {
  const node: RootNode = { kind: "host-directory", path, readOnly: false };
  let pauses = 0;
  const gate = {
    enter() {},
    leave: () => void pauses++,
    turn: (goOn: () => void) => goOn(),
  };
  return [await runFiles(node, args, { gate }), pauses];
}

describe("a call that takes the host long lets others come between", () => {
  it("when it allocates much, and gives much back", async () => {
    await using directory = await temporaryDirectory({});
    const [, few] = await runCounting(directory.path, ["resize", "/a", `${MEBIBYTE}`, "0"]);
    const [lines, pauses] = await runCounting(directory.path, ["resize", "/a", `${80 * MEBIBYTE}`, "7"]);
    expect(lines).toEqual(["ok", "ok"]);
    expect(pauses - few).toBeGreaterThanOrEqual(18);
    expect((await stat(join(directory.path, "a"))).size).toBe(7);
  });

  it("when it empties what it opens", async () => {
    await using directory = await temporaryDirectory({
      a: Buffer.alloc(80 * MEBIBYTE, "x").toString(),
      b: "small",
    });
    const [, few] = await runCounting(directory.path, ["write", "/b", "text"]);
    const [lines, pauses] = await runCounting(directory.path, ["write", "/a", "text"]);
    expect(lines).toEqual(["ok"]);
    expect(pauses - few).toBeGreaterThanOrEqual(8);
    expect(await readFile(join(directory.path, "a"), "utf8")).toBe("text");
    expect(await readFile(join(directory.path, "b"), "utf8")).toBe("text");
  });

  it("when it lists a large directory", async () => {
    const names = Array.from({ length: 5000 }, (_, index) => [`${index}`, ""]);
    await using small = await temporaryDirectory({ file: "" });
    await using large = await temporaryDirectory(Object.fromEntries(names));
    const [, few] = await runCounting(small.path, ["listing", "/"]);
    const [lines, pauses] = await runCounting(large.path, ["listing", "/"]);
    expect(lines).toEqual(["ok 5002"]);
    expect(pauses - few).toBeGreaterThanOrEqual(2);
  });
});

it("large files that are removed or replaced are gone at once, and nothing of them stays open", async () => {
  await using directory = await temporaryDirectory({ a: "", b: "", c: "new", d: "" });
  for (const name of ["a", "b"]) await truncate(join(directory.path, name), 100 * MEBIBYTE);
  await link(join(directory.path, "a"), join(directory.path, "other-name"));
  const [lines] = await runCounting(directory.path, [
    "unlink",
    "/a",
    "rename",
    "/c",
    "/b",
    "unlink",
    "/nothing",
  ]);
  expect(lines).toEqual(["ok", "ok", "ENOENT"]);
  expect((await readdir(directory.path)).toSorted()).toEqual(["b", "d", "other-name"]);
  expect(await readFile(join(directory.path, "b"), "utf8")).toBe("new");
  // Another name of it keeps what is in it.
  expect((await stat(join(directory.path, "other-name"))).size).toBe(100 * MEBIBYTE);
  await eventually(
    () => openFilesUnder(directory.path).length === 0,
    () => openFilesUnder(directory.path).join(),
  );
});

function openFilesUnder(path: string): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(join("/proc/self/fd", fd));
      return target.startsWith(`${path}/`) ? [target] : [];
    } catch {
      return [];
    }
  });
}

it("allocating more than there is fails at once and takes nothing", async () => {
  await using directory = await temporaryDirectory({});
  const [lines] = await runCounting(directory.path, [
    "resize",
    "/a",
    `${2 ** 52}`,
    "0",
    "resize",
    "/a",
    `${2 ** 60}`,
    "0",
  ]);
  expect(lines).toEqual(["ENOSPC", "ok", "EFBIG", "ok"]);
});

it("a sparse file shrinks at once, however large it is", async () => {
  await using directory = await temporaryDirectory({});
  const args = ["resize", "/a", "1", `${2 ** 43}`, "resize", "/a", "1", "3"];
  const [lines, pauses] = await runCounting(directory.path, args);
  expect(lines).toEqual(["ok", "ok", "ok", "ok"]);
  expect(pauses).toBeLessThan(20);
  expect((await stat(join(directory.path, "a"))).size).toBe(3);
});

it("links whose targets are long ways do not keep the thread", async () => {
  const way = "d/../".repeat(400);
  const links = Array.from({ length: 6 }, (_, index) => [
    `l${index}`,
    `-> ../v/${way}${index === 5 ? "file" : `l${index + 1}`}`,
  ]);
  await using directory = await temporaryDirectory({ "d/": "", file: "text", ...Object.fromEntries(links) });
  const node: RootNode = {
    kind: "directory",
    children: new Map([["v", { kind: "host-directory", path: directory.path, readOnly: false }]]),
  };
  const args = ["stat", "/v/l5", "stat", "/v/l0", "read", "/v/l0"];
  expect(await runFiles(node, args)).toEqual(["ok file 4", "ELOOP", "ELOOP"]);
});
