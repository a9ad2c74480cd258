import { existsSync } from "node:fs";
import { readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { PullPolicy, PullProgress } from "@krustlet/interface";
import { FakeClock } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";
import { openImageStore } from "../src/index.ts";
import { credentialOf, digestOf, manifestDigestOf, moduleOf, ShelfPuller } from "./shelf-puller.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

async function setUp() {
  const directory = await temporaryDirectory();
  const puller = new ShelfPuller();
  puller.images.set("shelf/app:v1", { module: moduleOf("one") });
  const clock = new FakeClock();
  const open = () => openImageStore({ directory: directory.path, puller, clock });
  const store = await open();
  return {
    directory: directory.path,
    puller,
    store,
    open,
    tick: (ms: number) => clock.advance(ms),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

describe("pull policies", () => {
  it.each(["Always", "IfNotPresent"] satisfies PullPolicy[])(
    "%s pulls what is not present",
    async (policy) => {
      await using t = await setUp();
      const { image, pulled } = await t.store.ensure("app:v1", { policy });
      const one = moduleOf("one");
      expect(pulled).toBe(true);
      expect(image).toMatchObject({
        reference: "app:v1",
        imageID: `shelf/app@${manifestDigestOf({ module: one })}`,
        kind: "module",
        module: { digest: digestOf(one), size: one.length },
      });
      expect(await readFile(image.module.path)).toEqual(one);
    },
  );

  it("Never pulls nothing and asks nobody", async () => {
    await using t = await setUp();
    await expect(t.store.ensure("app:v1", { policy: "Never" })).rejects.toMatchObject({
      code: "ImageNeverPull",
      message: 'Container image "app:v1" is not present with pull policy of Never',
    });
    expect(t.puller.calls).toEqual([]);
    await t.store.ensure("app:v1", { policy: "Always" });
    t.puller.calls.length = 0;
    expect(await t.store.ensure("app:v1", { policy: "Never" })).toMatchObject({ pulled: false, duration: 0 });
    expect(t.puller.calls).toEqual([]);
  });

  it("IfNotPresent asks nobody for what is present, in another process's store too", async () => {
    await using t = await setUp();
    await t.store.ensure("app:v1", { policy: "IfNotPresent" });
    t.puller.images.clear();
    t.puller.calls.length = 0;
    await using later = await t.open();
    for (const store of [t.store, later]) {
      expect(await store.ensure("app:v1", { policy: "IfNotPresent" })).toMatchObject({ pulled: false });
    }
    expect(t.puller.calls).toEqual([]);
  });

  it("Always asks what the tag stands for, and pulls only when that has changed", async () => {
    await using t = await setUp();
    await t.store.ensure("app:v1", { policy: "Always" });
    expect(await t.store.ensure("app:v1", { policy: "Always" })).toMatchObject({ pulled: false });
    t.puller.images.set("shelf/app:v1", { module: moduleOf("two") });
    const { image, pulled } = await t.store.ensure("app:v1", { policy: "Always" });
    expect(pulled).toBe(true);
    expect(await readFile(image.module.path)).toEqual(moduleOf("two"));
    expect(t.puller.calls).toEqual(["pull app:v1", "resolve app:v1", "resolve app:v1", "pull app:v1"]);
    // The module that a container may still run is not gone.
    expect(await t.store.list()).toHaveLength(1);
    expect(await readdir(join(t.directory, "blobs", "sha256"))).toHaveLength(2);
  });

  it("tells that the registry has to be asked, before it is, and nothing where it need not be", async () => {
    await using t = await setUp();
    const told: string[] = [];
    const ensure = (policy: PullPolicy, reference = "app:v1"): Promise<unknown> =>
      t.store.ensure(reference, { policy, onPull: () => told.push(`${policy} ${t.puller.calls.length}`) });
    await ensure("IfNotPresent");
    await ensure("IfNotPresent");
    await ensure("Never");
    await ensure("Always");
    await expect(ensure("Always", "gone:v1")).rejects.toMatchObject({ code: "ImageNotFound" });
    expect(told).toEqual(["IfNotPresent 0", "Always 1", "Always 2"]);
  });

  it("takes a digest from the repository's tag, offline", async () => {
    await using t = await setUp();
    await t.store.ensure("app:v1", { policy: "Always" });
    t.puller.calls.length = 0;
    const digest = manifestDigestOf({ module: moduleOf("one") });
    const { image } = await t.store.ensure(`app@${digest}`, { policy: "Never" });
    expect(image.reference).toBe(`app@${digest}`);
    await expect(t.store.ensure(`other@${digest}`, { policy: "Never" })).rejects.toMatchObject({
      code: "ImageNeverPull",
    });
    expect(t.puller.calls).toEqual([]);
  });

  it("makes its puller when the first reference comes, and once", async () => {
    await using t = await setUp();
    let made = 0;
    const puller = () => {
      made += 1;
      return Promise.resolve(t.puller);
    };
    await using store = await openImageStore({ directory: t.directory, puller });
    await store.list();
    expect(made).toBe(0);
    await store.ensure("app:v1", { policy: "Always" });
    await store.remove("app:v1");
    expect(made).toBe(1);
  });

  it("refuses what is no reference", async () => {
    await using t = await setUp();
    await expect(t.store.ensure("a b", { policy: "Never" })).rejects.toMatchObject({
      code: "InvalidReference",
    });
  });
});

describe("credentials", () => {
  const secret = (name: string) => ({ policy: "IfNotPresent" as const, credentials: [credentialOf(name)] });

  it("give an image to those that pulled it, and to others only when the registry says so", async () => {
    await using t = await setUp();
    t.puller.images.set("shelf/app:v1", { module: moduleOf("one"), passwords: ["alice", "bob"] });
    await t.store.ensure("app:v1", secret("alice"));
    t.puller.calls.length = 0;
    expect(await t.store.ensure("app:v1", secret("alice"))).toMatchObject({ pulled: false });
    expect(t.puller.calls).toEqual([]);

    await expect(t.store.ensure("app:v1", { policy: "IfNotPresent" })).rejects.toMatchObject({
      code: "RegistryUnauthorized",
    });
    await expect(t.store.ensure("app:v1", secret("eve"))).rejects.toMatchObject({
      code: "RegistryUnauthorized",
    });
    await expect(t.store.ensure("app:v1", { ...secret("eve"), policy: "Never" })).rejects.toMatchObject({
      code: "ImageNeverPull",
      message: expect.stringContaining("is present"),
    });

    t.puller.calls.length = 0;
    expect(await t.store.ensure("app:v1", secret("bob"))).toMatchObject({ pulled: false });
    expect(t.puller.calls).toEqual(["resolve app:v1"]);
    await t.store.ensure("app:v1", secret("bob"));
    await t.store.ensure("app:v1", secret("alice"));
    expect(t.puller.calls).toEqual(["resolve app:v1"]);
  });

  it("of an image that changed have to be shown again", async () => {
    await using t = await setUp();
    t.puller.images.set("shelf/app:v1", { module: moduleOf("one"), passwords: ["alice", "bob"] });
    await t.store.ensure("app:v1", secret("alice"));
    await t.store.ensure("app:v1", secret("bob"));
    t.puller.images.set("shelf/app:v1", { module: moduleOf("two"), passwords: ["bob"] });
    await t.store.ensure("app:v1", { ...secret("bob"), policy: "Always" });
    await expect(t.store.ensure("app:v1", secret("alice"))).rejects.toMatchObject({
      code: "RegistryUnauthorized",
    });
  });

  it("are not to be read from the disk", async () => {
    await using t = await setUp();
    t.puller.images.set("shelf/app:v1", { module: moduleOf("one"), passwords: ["hunter2"] });
    await t.store.ensure("app:v1", secret("hunter2"));
    for (const entry of await readdir(t.directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const text = await readFile(join(entry.parentPath, entry.name), "latin1");
      expect(text).not.toContain("hunter2");
      expect(text).not.toContain(Buffer.from("u:hunter2").toString("base64"));
    }
  });
});

describe("several callers at once", () => {
  it("share one pull and its progress", async () => {
    await using t = await setUp();
    const seen: PullProgress[][] = [[], []];
    const both = seen.map((list) =>
      t.store.ensure("app:v1", { policy: "IfNotPresent", onProgress: (step) => list.push(step) }),
    );
    await Promise.all(both);
    expect(t.puller.calls).toEqual(["pull app:v1"]);
    expect(seen[0]?.length).toBeGreaterThan(3);
    expect(seen[1]).toEqual(seen[0]);
  });

  it("with other credentials do not share", async () => {
    await using t = await setUp();
    t.puller.images.set("shelf/app:v1", { module: moduleOf("one"), passwords: ["alice"] });
    const [mine, theirs] = await Promise.allSettled([
      t.store.ensure("app:v1", { policy: "Always", credentials: [credentialOf("alice")] }),
      t.store.ensure("app:v1", { policy: "Always" }),
    ]);
    expect(mine.status).toBe("fulfilled");
    expect(theirs).toMatchObject({ status: "rejected", reason: { code: "RegistryUnauthorized" } });
  });

  it("leave the pull to the others when they are aborted, and end it when they are the last", async () => {
    await using t = await setUp();
    const gates: (() => void)[] = [];
    let aborted = false;
    t.puller.pause = (signal) =>
      new Promise((resolve, reject) => {
        gates.push(resolve);
        signal?.addEventListener("abort", () => {
          aborted = true;
          reject(signal.reason as Error);
        });
      });
    const [first, second] = [new AbortController(), new AbortController()];
    const one = t.store.ensure("app:v1", { policy: "Always", signal: first.signal });
    const two = t.store.ensure("app:v1", { policy: "Always", signal: second.signal });
    const outcomes = Promise.allSettled([one, two]);
    await expect.poll(() => gates.length).toBe(1);
    first.abort(new Error("first left"));
    await expect(one).rejects.toThrow("first left");
    expect(aborted).toBe(false);
    second.abort(new Error("second left"));
    await expect(two).rejects.toThrow("second left");
    expect(aborted).toBe(true);
    await outcomes;
    expect(await t.store.list()).toEqual([]);
    t.puller.pause = () => Promise.resolve();
    expect(await t.store.ensure("app:v1", { policy: "Always" })).toMatchObject({ pulled: true });
  });

  it("that want one blob for different images do not write to each other's file", async () => {
    await using t = await setUp();
    const module = moduleOf("shared", 5000);
    for (const name of ["one", "two"]) t.puller.images.set(`shelf/${name}:v1`, { module });
    const half = Promise.withResolvers<void>();
    t.puller.pause = () => (t.puller.written < 2000 ? turn() : half.promise);
    const one = t.store.ensure("one:v1", { policy: "Always" });
    await expect.poll(() => t.puller.written).toBeGreaterThan(2000);
    t.puller.pause = () => turn();
    const two = await t.store.ensure("two:v1", { policy: "Always" });
    half.resolve();
    for (const { image } of [await one, two]) expect(await readFile(image.module.path)).toEqual(module);
    expect(t.puller.written).toBe(2 * module.length);
  });

  it("in two stores of one directory both get the image, and one copy stays", async () => {
    await using t = await setUp();
    t.puller.images.set("shelf/app:v1", { module: moduleOf("one", 5000), files: { a: "1", b: "2" } });
    await using other = await t.open();
    const images = await Promise.all(
      [t.store, other].map((store) => store.ensure("app:v1", { policy: "Always" })),
    );
    expect(images[0]?.image).toEqual(images[1]?.image);
    expect(await readdir(join(t.directory, "blobs", "sha256"))).toHaveLength(1);
    expect(await readFile(join(images[0]?.image.rootfs ?? "", "a"), "utf8")).toBe("1");
  });
});

describe("what breaks", () => {
  it("goes on where a failed pull stopped", async () => {
    await using t = await setUp();
    const module = moduleOf("one", 8000);
    t.puller.images.set("shelf/app:v1", { module });
    t.puller.failure = new Error("cut");
    await expect(t.store.ensure("app:v1", { policy: "Always" })).rejects.toThrow("cut");
    expect(await t.store.list()).toEqual([]);
    t.puller.failure = undefined;
    await t.store.ensure("app:v1", { policy: "Always" });
    expect(t.puller.written).toBe(module.length);
  });

  it("keeps nothing of a pull for which there was no space", async () => {
    await using t = await setUp();
    t.puller.images.set("shelf/app:v1", { module: moduleOf("one", 8000) });
    t.puller.failure = Object.assign(new Error("write"), { code: "ENOSPC" });
    await expect(t.store.ensure("app:v1", { policy: "Always" })).rejects.toMatchObject({
      code: "NoSpace",
      message: expect.stringContaining(t.directory),
    });
    const [owner = ""] = await readdir(join(t.directory, "tmp"));
    expect(await readdir(join(t.directory, "tmp", owner))).toEqual([]);
  });

  it.each([
    ["cut short", (path: string) => truncate(path, 5)],
    ["overwritten with as many other bytes", (path: string) => writeFile(path, moduleOf("eno"))],
    ["gone", (path: string) => rm(path)],
  ])("is pulled again when the module is %s", async (_how, damage) => {
    await using t = await setUp();
    const { image } = await t.store.ensure("app:v1", { policy: "IfNotPresent" });
    await damage(image.module.path);
    await using later = await t.open();
    const again = await later.ensure("app:v1", { policy: "IfNotPresent" });
    expect(again.pulled).toBe(true);
    expect(await readFile(again.image.module.path)).toEqual(moduleOf("one"));
  });

  it("is not there for Never, nor listed, when the tree is gone", async () => {
    await using t = await setUp();
    t.puller.images.set("shelf/app:v1", { module: moduleOf("one"), files: { a: "1" } });
    const { image } = await t.store.ensure("app:v1", { policy: "Always" });
    await rm(image.rootfs ?? "", { recursive: true });
    await expect(t.store.ensure("app:v1", { policy: "Never" })).rejects.toMatchObject({
      code: "ImageNeverPull",
    });
    expect(await t.store.list()).toEqual([]);
    expect(await t.store.ensure("app:v1", { policy: "IfNotPresent" })).toMatchObject({ pulled: true });
  });

  it.each(["", "{", "null", "[]", '{"version":2}', '{"version":1,"name":"shelf/app:v1"}'])(
    "does not trip over a record that says %j",
    async (text) => {
      await using t = await setUp();
      await t.store.ensure("app:v1", { policy: "Always" });
      const [record = ""] = await readdir(join(t.directory, "records"));
      await writeFile(join(t.directory, "records", record), text);
      expect(await t.store.list()).toEqual([]);
      expect(await t.store.ensure("app:v1", { policy: "IfNotPresent" })).toMatchObject({ pulled: true });
    },
  );
});

describe("listing and removing", () => {
  it("lists the most recently used first and forgets by reference or digest", async () => {
    await using t = await setUp();
    for (const [name, text] of [
      ["a:1", "a"],
      ["b:1", "b"],
      ["c:1", "c"],
    ] as const) {
      t.puller.images.set(`shelf/${name}`, { module: moduleOf(text) });
      await t.tick(1000);
      await t.store.ensure(name, { policy: "IfNotPresent" });
      await t.store.ensure(name, { policy: "IfNotPresent" });
    }
    await t.tick(1000);
    await t.store.ensure("a:1", { policy: "Never" });
    const names = async () => (await t.store.list()).map(({ image }) => image.reference);
    expect(await names()).toEqual(["a:1", "c:1", "b:1"]);
    expect(await t.store.remove("b:1")).toBe(true);
    expect(await t.store.remove("b:1")).toBe(false);
    expect(await t.store.remove(manifestDigestOf({ module: moduleOf("c") }))).toBe(true);
    expect(await names()).toEqual(["a:1"]);
  });

  it("cleans up after itself", async () => {
    await using t = await setUp();
    const store = await t.open();
    const { image } = await store.ensure("app:v1", { policy: "Always" });
    const before = await readdir(join(t.directory, "tmp"));
    await store[Symbol.asyncDispose]();
    expect(await readdir(join(t.directory, "tmp"))).toHaveLength(before.length - 1);
    expect(await readdir(join(t.directory, "leases"))).toEqual([]);
    expect(existsSync(image.module.path)).toBe(true);
  });
});
