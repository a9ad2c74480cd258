import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openImageStore } from "../src/index.ts";
import { digestOf, moduleOf, ShelfPuller } from "./shelf-puller.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

async function setUp() {
  const directory = await temporaryDirectory();
  const store = await openImageStore({ directory: join(directory.path, "store"), puller: new ShelfPuller() });
  return {
    store,
    file: join(directory.path, "hello.wasm"),
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

it("keeps a file's bytes, whatever becomes of the file", async () => {
  await using t = await setUp();
  await writeFile(t.file, moduleOf("one"));
  const image = await t.store.importFile(t.file);
  expect(image).toMatchObject({
    reference: t.file,
    imageID: digestOf(moduleOf("one")),
    kind: "module",
    module: { digest: digestOf(moduleOf("one")), size: moduleOf("one").length },
  });
  await writeFile(t.file, moduleOf("two"));
  expect(await readFile(image.module.path)).toEqual(moduleOf("one"));
  const changed = await t.store.importFile(t.file);
  expect(await readFile(changed.module.path)).toEqual(moduleOf("two"));
});

it("notices when what it kept was damaged", async () => {
  await using t = await setUp();
  await writeFile(t.file, moduleOf("one"));
  const { module } = await t.store.importFile(t.file);
  await writeFile(module.path, moduleOf("eno"));
  expect(await readFile((await t.store.importFile(t.file)).module.path)).toEqual(moduleOf("one"));
});

it("recognises components", async () => {
  await using t = await setUp();
  await writeFile(t.file, Buffer.from("0061736d0d000100", "hex"));
  expect((await t.store.importFile(t.file)).kind).toBe("component");
});

it.each([
  ["InvalidModule", "it is empty", ""],
  ["InvalidModule", "does not begin", "#!/bin/sh\n"],
  ["InvalidModule", "does not begin", "\0asm"],
])("refuses with %s a file that is none: %s", async (code, says, content) => {
  await using t = await setUp();
  await writeFile(t.file, content);
  await expect(t.store.importFile(t.file)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(new RegExp(`hello.wasm.*${says}`)),
  });
});

it("says when there is no such file, or a directory", async () => {
  await using t = await setUp();
  await expect(t.store.importFile(t.file)).rejects.toMatchObject({
    code: "ImageNotFound",
    message: `${t.file} cannot be run: there is no such file`,
  });
  await mkdir(t.file);
  await expect(t.store.importFile(t.file)).rejects.toMatchObject({ code: "ImageNotFound" });
});
