import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ImageStore } from "@krustlet/interface";
import { afterEach, beforeEach, expect, it } from "vitest";

import { withLocalModules } from "../src/node/local-modules.ts";

const EMPTY = Buffer.from("0061736d01000000", "hex");
const none: ImageStore = {
  ensure: () => Promise.reject(new Error("it is no file")),
  list: () => Promise.resolve([]),
  remove: () => Promise.resolve(false),
};
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "krustlet-modules-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it("tells what a module file is each time that it has changed, whatever its times say", async () => {
  const path = join(directory, "a.wasm");
  const images = withLocalModules(none, true);
  const digest = async (): Promise<string> =>
    (await images.ensure(`fs/${path}`, { policy: "Always" })).image.imageID;
  await writeFile(path, EMPTY);
  const first = await digest();
  expect(await digest()).toBe(first);
  // A custom section of no bytes: same name, another content; then its times are set back to what they were.
  await writeFile(path, Buffer.concat([EMPTY, Buffer.from([0, 1, 0])]));
  await utimes(path, 0, 0);
  const second = await digest();
  expect(second).not.toBe(first);
  await rm(path);
  await expect(digest()).rejects.toMatchObject({ code: "ImageNotFound" });
  await writeFile(path, EMPTY);
  expect(await digest()).toBe(first);
});
