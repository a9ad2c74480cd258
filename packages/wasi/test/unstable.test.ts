import { expect, it } from "vitest";

import { runGuest } from "./run-guest.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

it("the names of wasi_unstable have the older layouts", async () => {
  await using directory = await temporaryDirectory({ file: "hello" });
  const node = { kind: "host-directory", path: directory.path, readOnly: true } as const;
  const { stdout } = await runGuest("unstable", [], { preopens: [{ guestPath: "/", node }] });
  expect(stdout.split("\n")).toEqual([
    "end of file without its size: 28",
    "set: 0 2",
    "cur: 0 3",
    "end: 0 4",
    "stat: 0 type 4 links 1 size 5 untouched 77",
    "path: 0 same 1",
    "poll: 0 1 5",
    "",
  ]);
});
