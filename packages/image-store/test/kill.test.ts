import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openImageStore } from "../src/index.ts";
import { digestOf, moduleOf, ShelfPuller } from "./shelf-puller.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const PROGRAM = fileURLToPath(new URL("pull-forever.ts", import.meta.url));

/** Starts two pulling processes on one store and kills both at a moment of its own. */
async function killAt(directory: string, round: number, delay: number): Promise<void> {
  const children = [0, 3].map((offset) =>
    spawn(process.execPath, ["--conditions=@krustlet/source", PROGRAM, directory, `${round + offset}`], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const exits = children.map((child) => once(child, "exit"));
  await Promise.all(children.map((child) => once(child.stdout, "data")));
  for (const at of [0, 1]) {
    // The point of the test is that any moment will do, so the machine's speed may choose it.
    await new Promise((resolve) => setTimeout(resolve, delay / (at + 1)));
    children[at]?.kill("SIGKILL");
  }
  const codes = await Promise.all(exits);
  expect(codes.map(([, signal]) => signal as unknown)).toEqual(["SIGKILL", "SIGKILL"]);
}

it("serves whole images after its processes were killed at any moment", { timeout: 60_000 }, async () => {
  await using directory = await temporaryDirectory();
  const rounds = Number(process.env["KRUSTLET_KILL_ROUNDS"] ?? 4);
  for (let round = 0; round < rounds; round += 1) {
    await killAt(directory.path, round, (round * 7) % 31);
    const puller = new ShelfPuller();
    puller.images.set("shelf/a:1", { module: moduleOf("again", 100), files: { f1: "again", f2: "again" } });
    await using store = await openImageStore({ directory: directory.path, puller });
    for (const { image } of await store.list()) {
      const bytes = await readFile(image.module.path);
      expect(digestOf(bytes)).toBe(image.module.digest);
      // Both files of a tree are of the same image as the module is.
      const text = bytes.subarray(8, 10).toString();
      expect(await readFile(join(image.rootfs ?? "", "f1"), "utf8")).toBe(text === "ag" ? "again" : text);
      expect(await readFile(join(image.rootfs ?? "", "f2"), "utf8")).toBe(text === "ag" ? "again" : text);
      await store.ensure(image.reference, { policy: "Never" });
    }
    const { image } = await store.ensure("a:1", { policy: "Always" });
    expect(await readFile(image.module.path)).toEqual(moduleOf("again", 100));
    for (const name of await readdir(join(directory.path, "records"))) {
      JSON.parse(await readFile(join(directory.path, "records", name), "utf8"));
    }
  }
});
