import { Worker } from "node:worker_threads";

import { expect, it } from "vitest";

import { compileGuest } from "./compile-guest.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

it("guests on several worker threads use files by FFI, with one compiled module", async () => {
  const module = await compileGuest("files");
  const inWorker = async (): Promise<unknown> => {
    await using directory = await temporaryDirectory({ file: "text" });
    const workerData = { module, root: directory.path };
    const worker = new Worker(new URL("worker-guest.ts", import.meta.url), {
      workerData,
      execArgv: ["--conditions=@krustlet/source"],
    });
    return await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  };
  const expected = { exit: { kind: "exit", code: 0 }, stdout: "ok text\nok\nok . .. file made\n" };
  expect(await Promise.all([inWorker(), inWorker(), inWorker()])).toEqual([expected, expected, expected]);
});
