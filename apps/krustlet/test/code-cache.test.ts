import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { openCodeCache } from "../src/code-cache.ts";
import type { CodeCache } from "../src/code-cache.ts";
import { loadBundle } from "../src/load-bundle.ts";
import { needsGuestThread, purposeOf } from "../src/start-plan.ts";

const uid = process.getuid?.() ?? 0;
const CODE = Buffer.from("compiled");
let home = "";
let directory = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "krustlet-code-"));
  directory = join(home, ".cache", "krustlet", "code");
});
afterEach(() => rmSync(home, { recursive: true }));

function open(
  env: Record<string, string> = { HOME: home },
  as: number | undefined = uid,
): CodeCache | undefined {
  return openCodeCache(env, as);
}

describe("the cache of compiled code", () => {
  it("gives back what was written, from the user's cache directory", () => {
    open()?.write("a", CODE);
    expect(open()?.read("a")).toStrictEqual(CODE);
    expect(open()?.read("b")).toBeUndefined();
    expect(existsSync(join(directory, "a"))).toBe(true);
    open({ HOME: home, XDG_CACHE_HOME: join(home, "xdg") })?.write("a", CODE);
    expect(existsSync(join(home, "xdg", "krustlet", "code", "a"))).toBe(true);
  });

  it("is none where there is no place of the user's own for it", () => {
    expect(open({})).toBeUndefined();
    expect(open({ HOME: "", XDG_CACHE_HOME: "relative" })).toBeUndefined();
    expect(openCodeCache({ HOME: home }, undefined)).toBeUndefined();
  });

  it("takes nothing that others may have put there", () => {
    open()?.write("a", CODE);
    // As another user: nothing of it is his.
    expect(open({ HOME: home }, uid + 1)?.read("a")).toBeUndefined();
    chmodSync(join(directory, "a"), 0o666);
    expect(open()?.read("a")).toBeUndefined();
    chmodSync(join(directory, "a"), 0o600);
    chmodSync(directory, 0o777);
    expect(open()?.read("a")).toBeUndefined();
    chmodSync(directory, 0o700);
    expect(open()?.read("a")).toStrictEqual(CODE);
  });

  it("follows no link, neither to a file nor to a directory", () => {
    open()?.write("a", CODE);
    symlinkSync("a", join(directory, "link"));
    expect(open()?.read("link")).toBeUndefined();
    renameSync(directory, `${directory}-moved`);
    symlinkSync(`${directory}-moved`, directory);
    expect(open()?.read("a")).toBeUndefined();
    open()?.write("b", CODE);
    expect(existsSync(join(`${directory}-moved`, "b"))).toBe(false);
  });

  it("drops what was not made anew for two months", () => {
    open()?.write("old", CODE);
    const then = Date.now() / 1000 - 61 * 86_400;
    utimesSync(join(directory, "old"), then, then);
    open()?.write("new", CODE);
    expect(open()?.read("old")).toBeUndefined();
    expect(open()?.read("new")).toStrictEqual(CODE);
  });

  it("is silent about a place that cannot be written", () => {
    mkdirSync(join(home, ".cache"));
    writeFileSync(join(home, ".cache", "krustlet"), "a file");
    expect(() => open()?.write("a", CODE)).not.toThrow();
    expect(open()?.read("a")).toBeUndefined();
  });
});

describe("a bundle", () => {
  const bundle = (text: string): string => {
    const file = join(home, "bundle.cjs");
    writeFileSync(file, text);
    return file;
  };
  const cacheOf = (): CodeCache & { readonly names: string[]; readonly kept: Map<string, Buffer> } => {
    const kept = new Map<string, Buffer>();
    const names: string[] = [];
    return {
      kept,
      names,
      read: (name) => {
        names.push(name);
        return kept.get(name);
      },
      write: (name, code) => void kept.set(name, code),
    };
  };

  it("is evaluated as CommonJS, and may import", async () => {
    const file = bundle(
      '//1\nexports.here = [__filename, __dirname, importMetaUrl, require("node:path").sep];exports.load = () => import("node:os");',
    );
    const { exports } = loadBundle(file, undefined, "x");
    expect(exports).toMatchObject({ here: [file, home, `file://${file}`, "/"] });
    const { load } = exports as { load: () => Promise<{ EOL: string }> };
    expect((await load()).EOL).toBe("\n");
  });

  it("keeps its code once, by content and purpose, and none that it was given", () => {
    const cache = cacheOf();
    const file = bundle("//1\nexports.f = () => 41 + 1;");
    loadBundle(file, cache, "run").keepCode();
    expect(cache.kept.size).toBe(1);
    const [first] = cache.names;
    expect(first).toMatch(new RegExp(`^bundle-run-1-${process.version}-${process.arch}-[0-9a-f]+$`, "u"));
    const code = cache.kept.get(first ?? "");
    const again = loadBundle(file, cache, "run");
    again.keepCode();
    expect(cache.kept.get(first ?? "")).toBe(code);
    expect((again.exports as { f: () => number }).f()).toBe(42);
    // Of the same length, so that the engine itself would take it for the same.
    loadBundle(bundle("//2\nexports.f = () => 41 + 2;"), cache, "run");
    loadBundle(file, cache, "images");
    expect(new Set(cache.names).size).toBe(3);
    vi.stubEnv("NODE_OPTIONS", "--max-old-space-size=100");
    loadBundle(file, cache, "images");
    vi.unstubAllEnvs();
    expect(new Set(cache.names).size).toBe(4);
  });

  it("replaces code that the engine does not take", () => {
    const cache = cacheOf();
    loadBundle(bundle("//1\n"), cache, "run");
    cache.kept.set(cache.names[0] ?? "", Buffer.from("of another engine"));
    const file = bundle("//1\nexports.f = () => 42;");
    const loaded = loadBundle(file, cache, "run");
    expect((loaded.exports as { f: () => number }).f()).toBe(42);
    loaded.keepCode();
    const [code] = [...cache.kept.values()];
    expect(code?.toString()).not.toBe("of another engine");
  });
});

describe("what a start does first", () => {
  it("a thread is started for commands that run guests", () => {
    expect(needsGuestThread(["run", "a.wasm"])).toBe(true);
    expect(needsGuestThread(["run", "--runtime", "wasmer", "a.wasm"])).toBe(false);
    expect(needsGuestThread(["run", "--help"])).toBe(false);
    expect(needsGuestThread(["images"])).toBe(false);
    expect(needsGuestThread([])).toBe(false);
  });

  it("code is kept for each purpose that has code of its own", () => {
    expect(purposeOf(["run", "-v", ".:/", "a.wasm"])).toBe("run-module");
    expect(purposeOf(["run", "pod.yaml"])).toBe("run");
    expect(purposeOf(["images"])).toBe("images");
    expect(purposeOf(["../../x"])).toBe("none");
    expect(purposeOf([])).toBe("none");
  });
});
