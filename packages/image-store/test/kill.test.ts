import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openImageStore } from "../src/index.ts";
import { imageOf, TEXTS } from "./changing-images.ts";
import { digestOf, ShelfPuller } from "./shelf-puller.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const PROGRAM = fileURLToPath(new URL("pull-forever.ts", import.meta.url));

const ROUNDS = Number(process.env["KRUSTLET_KILL_ROUNDS"] ?? 6);

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

it(
  "serves whole images after its processes were killed at any moment",
  { timeout: 10_000 * ROUNDS },
  async () => {
    await using directory = await temporaryDirectory();
    for (let round = 0; round < ROUNDS; round += 1) {
      await killAt(directory.path, round, 30 + ((round * 17) % 61));
      const puller = new ShelfPuller();
      await using store = await openImageStore({ directory: directory.path, puller });
      for (const { image } of await store.list()) {
        expect(digestOf(await readFile(image.module.path))).toBe(image.module.digest);
        await store.ensure(image.reference, { policy: "Never" });
      }
      // Whatever of any image was half there is whole when it is asked for.
      for (const text of TEXTS) {
        puller.images.set(`shelf/${text[0]}:1`, imageOf(text));
        const { image } = await store.ensure(`${text[0]}:1`, { policy: "Always" });
        expect(await readFile(image.module.path)).toEqual(imageOf(text).module);
        for (const [name, content] of Object.entries(imageOf(text).files)) {
          expect(await readFile(join(image.rootfs ?? "", name), "utf8")).toBe(content);
        }
      }
      for (const name of await readdir(join(directory.path, "records"))) {
        JSON.parse(await readFile(join(directory.path, "records", name), "utf8"));
      }
    }
  },
);
