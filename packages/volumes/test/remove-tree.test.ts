import { chmod, mkdir, open, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { mkfifoSync } from "./mkfifo.ts";
import { join } from "node:path";
import { expect, it } from "vitest";

import { removeTree } from "../src/remove-tree.ts";
import { scratch } from "./pod-of.ts";

it("removes files, directories, pipes and odd names, and follows no link", async () => {
  await using root = await scratch();
  await mkdir(join(root.path, "outside/dir"), { recursive: true });
  await writeFile(join(root.path, "outside/file"), "kept");
  const tree = join(root.path, "tree");
  await mkdir(join(tree, "a/b"), { recursive: true });
  await writeFile(join(tree, "a/b/file"), "");
  await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe, 0x0a])]), "");
  await symlink("../outside", join(tree, "link"));
  await symlink("../../outside/file", join(tree, "a/link"));
  await symlink("/", join(tree, "a/root"));
  mkfifoSync(join(tree, "pipe"));
  await removeTree(tree, join(root.path, "trash"));
  expect(await readdir(root.path)).toEqual(["outside"]);
  expect(await readFile(join(root.path, "outside/file"), "utf8")).toBe("kept");
  expect(await readdir(join(root.path, "outside"))).toEqual(["dir", "file"]);
});

it("removes a link itself", async () => {
  await using root = await scratch();
  await mkdir(join(root.path, "outside"));
  await symlink("outside", join(root.path, "tree"));
  await removeTree(join(root.path, "tree"), join(root.path, "trash"));
  expect(await readdir(root.path)).toEqual(["outside"]);
});

it("removes directories whose modes forbid it", async () => {
  await using root = await scratch();
  const tree = join(root.path, "tree");
  await mkdir(join(tree, "a/b"), { recursive: true });
  await writeFile(join(tree, "a/b/file"), "");
  await chmod(join(tree, "a/b"), 0);
  await chmod(join(tree, "a"), 0o500);
  await chmod(tree, 0o000);
  await removeTree(tree, join(root.path, "trash"));
  expect(await readdir(root.path)).toEqual([]);
});

it("removes a tree that is deeper than any path may be long", async () => {
  await using root = await scratch();
  const name = "d".repeat(200);
  // Made as a guest can make it: each level under a descriptor of the one above.
  await mkdir(join(root.path, "tree"));
  let directory = await open(join(root.path, "tree"));
  for (let depth = 0; depth < 60; depth += 1) {
    await mkdir(`/proc/self/fd/${directory.fd}/${name}`);
    const next = await open(`/proc/self/fd/${directory.fd}/${name}`);
    await directory.close();
    directory = next;
  }
  await writeFile(`/proc/self/fd/${directory.fd}/file`, "");
  await directory.close();
  await removeTree(join(root.path, "tree"), join(root.path, "trash"));
  expect(await readdir(root.path)).toEqual([]);
});

it("does nothing where there is nothing", async () => {
  await using root = await scratch();
  await removeTree(join(root.path, "none"), join(root.path, "trash"));
  expect(await readdir(root.path)).toEqual([]);
});

it("finishes what a kill left half removed", async () => {
  await using root = await scratch();
  await mkdir(join(root.path, "trash/0/x"), { recursive: true });
  await mkdir(join(root.path, "trash/7"));
  await mkdir(join(root.path, "tree/y"), { recursive: true });
  await removeTree(join(root.path, "tree"), join(root.path, "trash"));
  expect(await readdir(root.path)).toEqual([]);
});

it("removes nothing outside while a neighbour swaps links", async () => {
  await using root = await scratch();
  const outside = join(root.path, "outside");
  await mkdir(outside);
  await Promise.all(Array.from({ length: 20 }, (_, index) => writeFile(join(outside, `${index}`), "")));
  for (let round = 0; round < 20; round += 1) {
    const tree = join(root.path, "tree");
    await mkdir(join(tree, "a/b"), { recursive: true });
    const swap = async (): Promise<void> => {
      await rename(join(tree, "a"), join(tree, "c"));
      await symlink("../outside", join(tree, "a"));
    };
    const removal = removeTree(tree, join(root.path, "trash")).catch(() => undefined);
    await Promise.all([removal, swap().catch(() => undefined)]);
    await removeTree(tree, join(root.path, "trash"));
  }
  expect(await readdir(outside)).toHaveLength(20);
});
