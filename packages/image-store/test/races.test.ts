import { existsSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectGarbage } from "../src/collect-garbage.ts";
import { createContent } from "../src/content.ts";
import { openImageStore } from "../src/index.ts";
import { blobPathOf, layoutOf } from "../src/layout.ts";
import type { Lease } from "../src/lease.ts";
import { newOwner } from "../src/owner.ts";
import { createRecords } from "../src/records.ts";
import { createFileVerifier } from "../src/verify-file.ts";
import { openWorkspace } from "../src/workspace.ts";
import { digestOf, moduleOf, ShelfPuller } from "./shelf-puller.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const BYTES = moduleOf("a");
const DIGEST = digestOf(BYTES);
const TREE = `sha256-${"0".repeat(64)}`;

/** A store with one blob and one tree that nobody needs. */
async function setUp() {
  const directory = await temporaryDirectory();
  const layout = layoutOf(directory.path);
  const owner = newOwner();
  const [blob, tree] = [blobPathOf(layout, DIGEST), join(layout.trees, TREE)];
  await mkdir(dirname(blob), { recursive: true });
  await mkdir(tree, { recursive: true });
  await mkdir(layout.leases);
  await writeFile(blob, BYTES);
  const workspace = await openWorkspace(layout, owner, new Date());
  return {
    layout,
    owner,
    blob,
    tree,
    workspace,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

describe("what another process collects", () => {
  it("before our lease is on disk is not there for us", async () => {
    await using t = await setUp();
    const lease: Lease = {
      items: new Set(),
      hold: async (items) => {
        for (const item of items) await rm(item === DIGEST ? t.blob : t.tree, { recursive: true });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const content = createContent({ ...t, verifier: createFileVerifier(), lease });
    expect(await content.find(DIGEST)).toBeUndefined();
    expect(await content.findTree(TREE)).toBeUndefined();
  });

  it("is put back where somebody has taken a lease on it at the last moment", async () => {
    await using t = await setUp();
    const other = join(t.layout.leases, `${newOwner()}.json`);
    const fresh = (kind: string): string => t.workspace.fresh(kind);
    const records = createRecords(t.layout, fresh);
    const now = new Date(Date.now() + 86_400_000);
    const collected = await collectGarbage({
      ...t,
      records,
      now,
      prune: () => Promise.resolve(0),
      held: () => new Set(),
      // They have been found to be nobody's, and are about to be moved away.
      fresh: (kind) => {
        writeFileSync(other, JSON.stringify([DIGEST]));
        return fresh(kind);
      },
    });
    expect(collected.removed).toEqual([]);
    expect([t.blob, t.tree].map(existsSync)).toEqual([true, false]);
    expect(await readFile(t.blob)).toEqual(BYTES);
  });
});

it("an image that is used while a collection is planned stays", async () => {
  await using directory = await temporaryDirectory();
  const puller = new ShelfPuller();
  for (const name of ["a", "b"]) puller.images.set(`shelf/${name}:1`, { module: moduleOf(name) });
  let now = Date.now();
  await using store = await openImageStore({
    directory: directory.path,
    puller,
    clock: { now: () => new Date(now) },
    diskUse: async () => {
      now += 1000;
      await store.ensure("a:1", { policy: "Never" });
      return { capacity: 1000, available: 1000 };
    },
  });
  for (const name of ["a", "b"]) await store.ensure(`${name}:1`, { policy: "IfNotPresent" });
  now += 10 * 86_400_000;
  const collected = await store.collectGarbage({ maxAge: 86_400_000 });
  expect(collected.removed).toEqual(["shelf/b:1"]);
  await store.ensure("a:1", { policy: "Never" });
});
