import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openImageStore } from "../src/index.ts";
import { mayLive, newOwner } from "../src/owner.ts";
import { moduleOf, ShelfPuller } from "./shelf-puller.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const DAY = 86_400_000;

async function setUp() {
  const directory = await temporaryDirectory();
  const puller = new ShelfPuller();
  // Files have the machine's time, so the store's clock starts there.
  let now = new Date();
  let used = 10;
  const open = () =>
    openImageStore({
      directory: directory.path,
      puller,
      clock: { now: () => now },
      diskUse: () => Promise.resolve({ capacity: 1000, available: 1000 - used * 10 }),
    });
  const store = await open();
  for (const name of ["a", "b"])
    puller.images.set(`shelf/${name}:1`, { module: moduleOf(name), files: { f: name } });
  const pull = async (name: string) => (await store.ensure(`${name}:1`, { policy: "IfNotPresent" })).image;
  return {
    directory: directory.path,
    puller,
    store,
    open,
    pull,
    tick: (ms: number) => void (now = new Date(now.getTime() + ms)),
    fill: (percent: number) => void (used = percent),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

describe("collecting garbage", () => {
  it("removes the least recently used image with its files when the disk is full", async () => {
    await using t = await setUp();
    const a = await t.pull("a");
    t.tick(DAY);
    const b = await t.pull("b");
    t.tick(DAY);
    expect(await t.store.collectGarbage()).toEqual({ removed: [], freed: 0, missing: 0 });
    t.fill(85);
    const collected = await t.store.collectGarbage({ lowThresholdPercent: 84.5 });
    expect(collected).toMatchObject({ removed: ["shelf/a:1"], missing: 0 });
    expect(collected.freed).toBe(moduleOf("a").length + 1);
    expect([a.module.path, a.rootfs ?? ""].map(existsSync)).toEqual([false, false]);
    expect([b.module.path, b.rootfs ?? ""].map(existsSync)).toEqual([true, true]);
    await expect(t.store.ensure("a:1", { policy: "Never" })).rejects.toMatchObject({
      code: "ImageNeverPull",
    });
  });

  it("keeps what runs, by image id or module digest", async () => {
    await using t = await setUp();
    const [a, b] = [await t.pull("a"), await t.pull("b")];
    t.tick(DAY);
    const { removed } = await t.store.collectGarbage({ all: true, inUse: [a.imageID, b.module.digest] });
    expect(removed).toEqual([]);
    expect((await t.store.collectGarbage({ all: true })).removed).toEqual(["shelf/a:1", "shelf/b:1"]);
    expect(await readdir(join(t.directory, "blobs", "sha256"))).toEqual([]);
    expect(await readdir(join(t.directory, "trees"))).toEqual([]);
  });

  it("keeps what another store has open", async () => {
    await using t = await setUp();
    const a = await t.pull("a");
    const other = await t.open();
    await other.ensure("a:1", { policy: "Never" });
    t.tick(DAY);
    expect((await t.store.collectGarbage({ all: true })).removed).toEqual([]);
    await other[Symbol.asyncDispose]();
    expect((await t.store.collectGarbage({ all: true })).removed).toEqual(["shelf/a:1"]);
    expect(existsSync(a.module.path)).toBe(false);
  });

  it("takes what a tag has moved away from, and imported files, once they are two minutes old", async () => {
    await using t = await setUp();
    const before = await t.pull("a");
    t.puller.images.set("shelf/a:1", { module: moduleOf("a2") });
    await t.store.ensure("a:1", { policy: "Always" });
    const file = join(t.directory, "x.wasm");
    await writeFile(file, moduleOf("file"));
    const imported = await t.store.importFile(file);
    await t.store.collectGarbage();
    expect(existsSync(before.module.path)).toBe(true);
    t.tick(180_000);
    await t.store.collectGarbage({ inUse: [imported.imageID] });
    expect([before.module.path, imported.module.path].map(existsSync)).toEqual([false, true]);
    await t.store.collectGarbage();
    expect(existsSync(imported.module.path)).toBe(false);
  });

  it("takes what broken pulls left after a day, and before any image where the disk is full", async () => {
    await using t = await setUp();
    await t.pull("a");
    const left = async (): Promise<number> => {
      const names = await readdir(join(t.directory, "tmp"), { recursive: true });
      return names.filter((name) => name.includes("part-")).length;
    };
    t.puller.failure = new Error("the registry closed the connection");
    await expect(t.pull("b")).rejects.toThrow("closed");
    expect(await t.store.collectGarbage()).toEqual({ removed: [], freed: 0, missing: 0 });
    expect(await left()).toBe(1);
    t.tick(DAY + 1000);
    expect((await t.store.collectGarbage()).freed).toBeGreaterThan(0);
    expect(await left()).toBe(0);

    await expect(t.pull("b")).rejects.toThrow("closed");
    t.fill(90);
    const collected = await t.store.collectGarbage({ minAge: 7 * DAY });
    expect(collected).toMatchObject({ removed: [], missing: 100 });
    expect(collected.freed).toBeGreaterThan(0);
    expect(await left()).toBe(0);
    t.puller.failure = undefined;
    await t.pull("b");
  });

  it("takes nothing from under a pull that is going on", async () => {
    await using t = await setUp();
    let collected: Promise<unknown> | undefined;
    t.puller.pause = async () => {
      collected ??= t.store.collectGarbage({ all: true, minAge: 0 });
      await collected;
    };
    const image = await t.pull("a");
    expect(collected).toBeDefined();
    expect([image.module.path, image.rootfs ?? ""].map(existsSync)).toEqual([true, true]);
  });
});

describe("what dead processes left", () => {
  it("is removed by the next store, the beginning of a blob excepted", async () => {
    await using t = await setUp();
    // No process has this number: it is above the kernel's limit.
    const dead = newOwner().replace(/^\d+/, "9999999999");
    expect(mayLive(dead)).toBe(false);
    expect(mayLive(newOwner())).toBe(true);
    // Another process has the number of one that has ended: it began at another time.
    expect(mayLive(newOwner().replace(/^(\d+)\.\d+/, "$1.1"))).toBe(false);
    const directory = join(t.directory, "tmp", dead);
    await mkdir(join(directory, "tree-1"), { recursive: true });
    await writeFile(join(directory, "tree-1", "file"), "x");
    await writeFile(join(directory, `part-sha256-${"0".repeat(64)}.1`), "x");
    await writeFile(join(t.directory, "leases", `${dead}.json`), "[]");
    await using _next = await t.open();
    expect(await readdir(directory)).toEqual([`part-sha256-${"0".repeat(64)}.1`]);
    expect(existsSync(join(t.directory, "leases", `${dead}.json`))).toBe(false);
    t.tick(2 * DAY);
    await using _later = await t.open();
    expect(existsSync(directory)).toBe(false);
  });

  it("is left alone while they may live in another PID namespace", () => {
    expect(mayLive(newOwner().replace(/\.\d+\.([a-f0-9]+)$/, ".1.$1"))).toBe(true);
    expect(mayLive("anything")).toBe(false);
  });
});
