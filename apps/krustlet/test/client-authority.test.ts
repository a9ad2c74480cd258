import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { eventually, FakeClock } from "@krustlet/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";

import { openNodeLog } from "../src/log/node-log.ts";
import { keepClientAuthority } from "../src/node/client-authority.ts";
import { memorySink } from "./memory-sink.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "krustlet-ca-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Authorities of a file, with a clock and a log that a test sees. */
async function keep(clientCAFile: string) {
  const clock = new FakeClock();
  const sink = memorySink();
  const { log } = openNodeLog({ verbosity: 0, format: "json", stderr: sink, toDescriptor: false });
  const stop = new AbortController();
  const authority = await keepClientAuthority({ clientCAFile, clock, log, signal: stop.signal });
  /** A minute passes, and what is looked at then is told. */
  const look = async (told: string): Promise<void> => {
    await clock.advance(60_000);
    await eventually(
      () => sink.text().includes(told),
      () => `the log has only ${sink.text()}`,
    );
  };
  return { authority, look, stop };
}

it("the authorities of users are those of the file, also after it was replaced", async () => {
  const path = join(directory, "ca.crt");
  await writeFile(path, "first");
  const { authority, look, stop } = await keep(path);
  expect(authority()).toBe("first");
  await writeFile(`${path}.new`, "second");
  await rename(`${path}.new`, path);
  await look("are others");
  expect(authority()).toBe("second");
  stop.abort();
});

it("a file that is gone leaves the authorities as they are, and is told", async () => {
  const path = join(directory, "ca.crt");
  await writeFile(path, "first");
  const { authority, look, stop } = await keep(path);
  await rm(path);
  await look("cannot be read again");
  expect(authority()).toBe("first");
  stop.abort();
});

it("no file is no authority, and one that is not there is said so at once", async () => {
  expect((await keep("")).authority()).toBeUndefined();
  await expect(keep(join(directory, "nothing"))).rejects.toMatchObject({ code: "InvalidUsage" });
});
