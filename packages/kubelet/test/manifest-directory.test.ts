import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { eventually, FakeClock } from "@krustlet/testkit";
import type { V1Pod } from "@kubernetes/client-node";
import { afterEach, beforeEach, expect, it } from "vitest";

import { watchDirectory } from "../src/directory-changes.ts";
import { manifestDirectory } from "../src/index.ts";
import type { PodChange } from "../src/index.ts";

let directory = "";
let clock: FakeClock;
let changes: PodChange[];
let errors: unknown[];
let subscription: { unsubscribe(): void };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "krustlet-manifests-"));
  clock = new FakeClock();
  changes = [];
  errors = [];
});

afterEach(async () => {
  subscription.unsubscribe();
  await rm(directory, { recursive: true, force: true });
});

function open(): void {
  subscription = manifestDirectory<{ pods: V1Pod[] }>({
    path: directory,
    clock,
    parse: (content) => JSON.parse(Buffer.from(content).toString()) as { pods: V1Pod[] },
    onError: (error) => errors.push(error),
    // Time alone makes it look, so that the test says when.
    watch: () => ({ next: () => new Promise<void>(() => undefined), [Symbol.dispose]: () => undefined }),
  }).subscribe((change) => changes.push(change));
}

const until = (done: () => boolean): Promise<void> => eventually(done, () => "it never came");

/** Lets it look once more: what it found must have settled by the look after that. */
async function look(): Promise<void> {
  for (const ms of [20_000, 100]) {
    await until(() => clock.sleeping > 0);
    await clock.advance(ms);
  }
  await until(() => clock.sleeping > 0);
}

const podsOf = (...pods: readonly (readonly [string, string])[]): string =>
  JSON.stringify({
    pods: pods.map(([name, image]) => ({ metadata: { name }, spec: { containers: [{ name, image }] } })),
  });

const told = (): string[] =>
  changes.map(({ type, pod }) => `${type} ${pod.metadata?.name} ${pod.spec?.containers[0]?.image}`);

it("adds what files hold, in the order of their names, and nothing of other files", async () => {
  await writeFile(join(directory, "b.yaml"), podsOf(["b", "1"]));
  await writeFile(join(directory, "a.json"), podsOf(["a", "1"]));
  await writeFile(join(directory, ".hidden.yaml"), podsOf(["hidden", "1"]));
  await writeFile(join(directory, "notes.txt"), podsOf(["notes", "1"]));
  open();
  await until(() => changes.length === 2);
  expect(told()).toStrictEqual(["added a 1", "added b 1"]);
  expect(new Set(changes.map(({ pod }) => pod.metadata?.uid)).size).toBe(2);
});

it("replaces the pod that changed, with a new UID, and leaves the one that did not", async () => {
  await writeFile(join(directory, "a.yaml"), podsOf(["same", "1"], ["other", "1"]));
  open();
  await until(() => changes.length === 2);
  await writeFile(join(directory, "a.yaml"), podsOf(["same", "1"], ["other", "2"]));
  await look();
  expect(told().slice(2)).toStrictEqual(["removed other 1", "added other 2"]);
  expect(changes[2]?.pod.metadata?.uid).toBe(changes[1]?.pod.metadata?.uid);
  expect(changes[3]?.pod.metadata?.uid).not.toBe(changes[1]?.pod.metadata?.uid);
});

it("removes the pods of a file that is gone", async () => {
  await writeFile(join(directory, "a.yaml"), podsOf(["a", "1"]));
  open();
  await until(() => changes.length === 1);
  await rm(join(directory, "a.yaml"));
  await look();
  expect(told()).toStrictEqual(["added a 1", "removed a 1"]);
});

it("waits until a file that is being written stays the same", async () => {
  open();
  await until(() => clock.sleeping > 0);
  await writeFile(join(directory, "a.yaml"), '{"pods": [');
  await clock.advance(20_000);
  await until(() => clock.sleeping > 0);
  await writeFile(join(directory, "a.yaml"), podsOf(["a", "1"]));
  await clock.advance(100);
  await until(() => clock.sleeping > 0);
  expect(changes).toHaveLength(0);
  await clock.advance(100);
  await until(() => changes.length === 1);
  expect(errors).toStrictEqual([]);
});

it("tells what it cannot read, once, and lets the earlier pods go on", async () => {
  await writeFile(join(directory, "a.yaml"), podsOf(["a", "1"]));
  open();
  await until(() => changes.length === 1);
  await writeFile(join(directory, "a.yaml"), "not a manifest");
  await look();
  await look();
  expect(errors).toHaveLength(1);
  expect(changes).toHaveLength(1);
  await writeFile(join(directory, "new"), podsOf(["a", "2"]));
  await rename(join(directory, "new"), join(directory, "a.yaml"));
  await look();
  expect(told().slice(1)).toStrictEqual(["removed a 1", "added a 2"]);
});

it("keeps the pods when the directory itself cannot be read any more", async () => {
  await writeFile(join(directory, "a.yaml"), podsOf(["a", "1"]));
  open();
  await until(() => changes.length === 1);
  await rename(directory, `${directory}.away`);
  await look();
  await look();
  expect(errors.map(String)).toStrictEqual([
    expect.stringContaining(`${directory} cannot be read: there is no such directory`),
  ]);
  expect(changes).toHaveLength(1);
  await rename(`${directory}.away`, directory);
});

it("tells of a pod that another file has, which waits until that one is gone", async () => {
  await writeFile(join(directory, "a.yaml"), podsOf(["a", "1"]));
  await writeFile(join(directory, "b.yaml"), podsOf(["a", "2"]));
  open();
  await until(() => changes.length === 2);
  expect(errors.map(String)).toStrictEqual([
    expect.stringContaining('b.yaml: Pod "default/a" is in a.yaml too; this one runs when that one is gone'),
  ]);
});

it("tells of what has a manifest's name and cannot be one", async () => {
  await symlink("/dev/zero", join(directory, "zero.yaml"));
  await symlink("nowhere", join(directory, "dangling.yaml"));
  await mkdir(join(directory, "directory.yaml"));
  await writeFile(join(directory, "large.yaml"), "");
  await truncate(join(directory, "large.yaml"), 17 * 2 ** 20);
  open();
  await until(() => errors.length === 2);
  await look();
  expect(errors.map(String)).toStrictEqual([
    expect.stringContaining("large.yaml is larger than any manifest"),
    expect.stringContaining("zero.yaml is no regular file"),
  ]);
});

it("is told by the kernel of changes, in the directory that has come in another's place, too", async () => {
  using watched = watchDirectory(directory);
  await Promise.all([watched.next(), writeFile(join(directory, "a.yaml"), "")]);
  await rename(directory, `${directory}.away`);
  await mkdir(directory);
  const told = watched.next();
  await writeFile(join(directory, "b.yaml"), "");
  await expect(told).resolves.toBeUndefined();
  await rm(`${directory}.away`, { recursive: true });
});
