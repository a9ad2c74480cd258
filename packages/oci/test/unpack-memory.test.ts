import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { paxEntry, tarArchive } from "@krustlet/testkit";
import { expect, it } from "vitest";
import { createPathSet } from "../src/path-set.ts";
import { unpackLayer } from "../src/unpack-layer.ts";
import { createUnpackBudget, DEFAULT_UNPACK_LIMITS } from "../src/unpack-limits.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
setFlagsFromString("--no-expose-gc");

/** Bytes of the heap in use once what nobody holds is gone. */
function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

it("extended headers are not kept, however many a layer has", async () => {
  const root = await mkdtemp(join(tmpdir(), "krustlet-memory-"));
  const budget = createUnpackBudget(DEFAULT_UNPACK_LIMITS, "image");
  let held = 0;
  async function* layer(): AsyncGenerator<Uint8Array, void, undefined> {
    const before = heap();
    for (let at = 0; at < 128; at += 1) {
      const header = tarArchive([paxEntry({ [`key${at}`]: "v".repeat(1_000_000) })]);
      yield header.subarray(0, -1024);
    }
    held = heap() - before;
    yield tarArchive([{ name: "file" }]);
  }
  try {
    await unpackLayer(layer(), { root, budget, subject: "image" });
  } finally {
    await rm(root, { recursive: true });
  }
  expect(held).toBeLessThan(16e6);
});

it("names of directories are kept once for all that is in them", () => {
  const deep = Array.from({ length: 15 }, (_, at) => `${at}`.repeat(120)).join("/");
  const paths = createPathSet("/root");
  const before = heap();
  for (let at = 0; at < 20_000; at += 1) paths.add(`/root/${deep}/${at}`);
  const held = heap() - before;
  expect(held).toBeLessThan(10e6);
  expect(paths.has(`/root/${deep}/7`)).toBe(true);
  expect(paths.has(`/root/${deep}`)).toBe(true);
  expect(paths.has("/root/other")).toBe(false);
});
