import * as fc from "fast-check";
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { payloadOf, writePayload } from "../src/index.ts";
import type { Payload } from "../src/index.ts";
import { scratch } from "./pod-of.ts";

const NOW = new Date("2026-01-31T12:34:56Z");

const payload = (files: Record<string, string>, mode = 0o644): Payload =>
  payloadOf(
    Object.entries(files).map(([path, text]) => [path, { bytes: Buffer.from(text), mode }] as const),
    "test",
  );

/** What a reader sees: every visible file, through the links. */
async function seen(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const walk = async (beneath: string): Promise<void> => {
    for (const name of await readdir(join(directory, beneath))) {
      if (name.startsWith("..")) continue;
      const path = beneath === "" ? name : `${beneath}/${name}`;
      if ((await stat(join(directory, path))).isDirectory()) await walk(path);
      else files[path] = await readFile(join(directory, path), "utf8");
    }
  };
  await walk("");
  return files;
}

describe("writePayload", () => {
  it("names the version by the time and removes the one before", async () => {
    await using root = await scratch();
    expect(await writePayload(root.path, payload({ a: "1" }), NOW)).toBe(true);
    const first = await readlink(join(root.path, "..data"));
    expect(first).toMatch(/^\.\.2026_01_31_12_34_56\./);
    expect(await writePayload(root.path, payload({ a: "2" }), NOW)).toBe(true);
    expect(await readdir(root.path)).toEqual(
      ["..data", await readlink(join(root.path, "..data")), "a"].toSorted(),
    );
    expect(await readFile(join(root.path, "a"), "utf8")).toBe("2");
  });

  it.each<[string, Payload, boolean]>([
    ["the same", payload({ a: "1", "b/c": "2" }), false],
    ["other bytes", payload({ a: "1", "b/c": "3" }), true],
    ["another mode", payload({ a: "1", "b/c": "2" }, 0o600), true],
    ["a file more", payload({ a: "1", "b/c": "2", d: "" }), true],
    ["a file less", payload({ a: "1" }), true],
    ["another name", payload({ a: "1", "b/d": "2" }), true],
    ["nothing", payload({}), true],
  ])("writes only what differs: %s", async (_, next, writes) => {
    await using root = await scratch();
    await writePayload(root.path, payload({ a: "1", "b/c": "2" }), NOW);
    expect(await writePayload(root.path, next, NOW)).toBe(writes);
    expect(Object.keys(await seen(root.path)).toSorted()).toEqual([...next.keys()].toSorted());
  });

  it("mends what a kill left: a version without a link, a link under its temporary name, a missing name", async () => {
    await using root = await scratch();
    await writePayload(root.path, payload({ a: "1", b: "2" }), NOW);
    await mkdir(join(root.path, "..2025_01_01_00_00_00.abcdef"));
    await writeFile(join(root.path, "..2025_01_01_00_00_00.abcdef/a"), "half");
    await symlink("..2025_01_01_00_00_00.abcdef", join(root.path, "..data_tmp"));
    await writePayload(root.path, payload({ a: "1", b: "2" }), NOW);
    const version = await readlink(join(root.path, "..data"));
    expect(await readdir(root.path)).toEqual(["..data", version, "a", "b"].toSorted());
    await symlink("..2025_01_01_00_00_00.abcdef", join(root.path, "..data_tmp"));
    await writePayload(root.path, payload({ a: "3" }), NOW);
    expect(await seen(root.path)).toEqual({ a: "3" });
  });

  it("sets modes whatever the umask", async () => {
    await using root = await scratch();
    await writePayload(root.path, payload({ a: "1" }, 0o666), NOW);
    expect((await stat(join(root.path, "a"))).mode & 0o777).toBe(0o666);
  });

  it("ends with exactly the last payload, after any sequence of them", async () => {
    const name = fc.constantFrom("a", "b", "c/d", "c/e", "f/g/h");
    const files = fc.dictionary(name, fc.constantFrom("1", "2", ""), { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(fc.array(files, { minLength: 1, maxLength: 5 }), async (sequence) => {
        await using root = await scratch();
        for (const each of sequence) {
          await writePayload(root.path, payload(each), NOW);
          expect(await seen(root.path)).toEqual(each);
        }
      }),
      { seed: 7, numRuns: 20 },
    );
  });

  it("never shows a reader one file of an update without the other", async () => {
    await using root = await scratch();
    const version = (number: number): Payload => payload({ a: `${number}`, b: `${number}` });
    await writePayload(root.path, version(0), NOW);
    const done = new AbortController();
    const pairs: (readonly [string, string])[] = [];
    const failures: unknown[] = [];
    const reader = async (): Promise<void> => {
      while (!done.signal.aborted) {
        try {
          // A reader that wants both of one version reads the link once, as Kubernetes documents.
          const data = await readlink(join(root.path, "..data"));
          const a = await readFile(join(root.path, data, "a"), "utf8");
          pairs.push([a, await readFile(join(root.path, data, "b"), "utf8")]);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const writer = async (): Promise<void> => {
      for (let number = 1; number <= 40; number += 1) await writePayload(root.path, version(number), NOW);
      done.abort();
    };
    await Promise.all([writer(), reader()]);
    // A version may go while it is read; then a newer one is there.
    for (const error of failures) expect(error).toMatchObject({ code: "ENOENT" });
    expect(pairs.length).toBeGreaterThan(0);
    for (const [a, b] of pairs) expect(a).toBe(b);
  });
});
