import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFile } from "../src/programs/file-lock.ts";
import { findPrograms } from "../src/programs/find-programs.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "krustlet-programs-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("a program that lies in KUBEBUILDER_ASSETS is not built", async () => {
  const etcd = join(directory, "etcd");
  await writeFile(etcd, "", { mode: 0o755 });
  const environment = { KUBEBUILDER_ASSETS: directory, KRUSTLET_CACHE: join(directory, "cache") };
  expect(await findPrograms(["etcd"], { environment })).toEqual({ etcd });
});

test("without Go one sentence says what is needed, and nothing half built stays", async () => {
  const environment = { PATH: directory, KRUSTLET_CACHE: join(directory, "cache") };
  const lines: string[] = [];
  await expect(
    findPrograms(["kubectl"], { environment, report: (line) => lines.push(line) }),
  ).rejects.toThrow(
    /^kubectl v1\.\d+\.\d+ cannot be built: Go is not installed; it takes Go 1\.26, or KUBEBUILDER_ASSETS names a directory that has the program\.$/,
  );
  expect(lines).toEqual([expect.stringMatching(/^Building kubectl v1/)]);
});

test("whoever comes second waits for the lock, and gets it when the first lets go", async () => {
  const file = join(directory, "a", "lock");
  const order: string[] = [];
  const first = await lockFile(file, () => order.push("first waits"));
  let told: () => void = () => undefined;
  const waits = new Promise<void>((resolve) => (told = resolve));
  const second = lockFile(file, told).then((lock) => (order.push("second has it"), lock));
  await waits;
  order.push("first lets go");
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  expect(order).toEqual(["first lets go", "second has it"]);
});
