import { readdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { ERRNO, errnoOf, GuestError } from "../src/errno.ts";
import { FACES } from "../src/faces.ts";
import { DirectoryDescriptor } from "../src/descriptors/directory-descriptor.ts";
import { SinkDescriptor, SourceDescriptor } from "../src/descriptors/stream-descriptors.ts";
import { Guest } from "../src/guest.ts";
import { buildMountTree } from "../src/index.ts";
import { DIRECTORY_RIGHTS, INHERITING_RIGHTS } from "../src/rights.ts";
import { Place } from "../src/tree/place.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const RUNS = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 12_000);
const MEMORY = 131_072;
const PATHS = [
  "../secret",
  "v/a",
  "v/up/secret",
  "v",
  ".",
  "..",
  "v/b/",
  "v/new",
  "dev/zero",
  "run/krustlet/signals",
  "v/../v/a",
  "\0",
  "v/link",
  "/etc/passwd",
  "dev/stdout",
  "f",
];
// What a guest may do to the host's disk is the volume's business, and would only make the test slow.
const LENGTHS = new Set(["fd_allocate", "fd_filestat_set_size"]);

/** Numbers that are the same each time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return Math.floor((((state ^ (state >>> 12)) >>> 0) / 2 ** 32) * below);
  };
}

function guestOn(root: string): Guest {
  const guest = new Guest({ args: ["x".repeat(1000)], env: { A: "b" }, maxDescriptors: 40 });
  const tree = buildMountTree([
    { source: join(root, "volume"), target: "/v", kind: "directory", readOnly: false },
    { source: join(root, "volume/a"), target: "/f", kind: "file", readOnly: true },
  ]);
  guest.descriptors.add(new SourceDescriptor(guest.stdin));
  guest.descriptors.add(new SinkDescriptor({ write: () => {} }));
  guest.descriptors.add(new SinkDescriptor({ write: () => Promise.resolve() }));
  if (tree.kind !== "directory") throw new Error(tree.kind);
  guest.descriptors.add(
    new DirectoryDescriptor(guest.kernel, Place.ofNode(tree, true), DIRECTORY_RIGHTS, INHERITING_RIGHTS),
  );
  guest.memory.attach(new WebAssembly.Memory({ initial: MEMORY / 65_536 }));
  return guest;
}

it("whatever arguments a guest gives, it gets an errno, and nothing outside its tree changes", async () => {
  await using directory = await temporaryDirectory({
    secret: "secret",
    "volume/a": "a",
    "volume/b/c": "c",
    "volume/up": "-> ..",
    "volume/link": "-> a",
  });
  const below = generator(20_261_122);
  const seen = new Set<number>();
  const operations = Object.values(FACES).flatMap(({ quick, waiting }) =>
    Object.entries({ ...quick, ...waiting }),
  );
  // The kernel's own descriptors come with its first use.
  guestOn(directory.path).kernel();
  const open = readdirSync("/proc/self/fd").length;
  let guest = guestOn(directory.path);

  const argument = (name: string): number => {
    switch (below(6)) {
      case 0:
        return below(2 ** 32) | 0;
      case 1:
        return MEMORY - below(40);
      case 2:
        return below(64);
      case 3:
        return name.startsWith("path") ? PATHS.length * 64 - below(64) : below(8);
      default:
        return below(12);
    }
  };
  const scatter = (): void => {
    const { bytes, view } = guest.memory;
    for (const [index, path] of PATHS.entries())
      bytes.set(Buffer.from(path.padEnd(16, "\0")), 1024 + index * 16);
    for (let i = 0; i < 64; i++)
      view.setUint32(below(MEMORY / 4 - 1) * 4, below(3) === 0 ? below(2 ** 32) : below(MEMORY), true);
    for (let i = 0; i < 32; i++) view.setUint32(i * 4, below(2) === 0 ? below(256) : 1024 + below(256), true);
  };

  for (let run = 0; run < RUNS; run++) {
    if (run % 50 === 0) scatter();
    const [name, operation] = operations[below(operations.length)] ?? ["", () => 0];
    if (name === "proc_exit") continue;
    const small = LENGTHS.has(name) ? 100_000 : 2 ** 32;
    const isPath = name.startsWith("path") && below(3) > 0;
    const path = below(PATHS.length);
    const numbers = Array.from({ length: operation.length - 1 }, () => argument(name));
    // Most calls would fail at their first check otherwise.
    if (isPath) {
      const at =
        name === "path_symlink"
          ? 0
          : name === "path_open" || name === "path_link" || name.includes("filestat")
            ? 2
            : 1;
      numbers[at] = 1024 + path * 16;
      numbers[at + 1] = PATHS[path]?.length ?? 0;
      if (at > 0) numbers[0] = 3;
      if (name === "path_open") [numbers[1], numbers[4], numbers[7]] = [below(2), below(16), below(32)];
    }
    const wide = new Set([
      "fd_advise:1",
      "fd_advise:2",
      "fd_allocate:1",
      "fd_allocate:2",
      "fd_seek:1",
      "fd_pread:3",
      "fd_pwrite:3",
      "fd_readdir:3",
      "fd_filestat_set_size:1",
      "fd_filestat_set_times:1",
      "fd_filestat_set_times:2",
      "path_filestat_set_times:4",
      "path_filestat_set_times:5",
      "path_open:5",
      "path_open:6",
      "fd_fdstat_set_rights:1",
      "fd_fdstat_set_rights:2",
      "clock_time_get:1",
    ]);
    const values = numbers.map((value, index) =>
      wide.has(`${name}:${index}`)
        ? BigInt.asIntN(
            64,
            (BigInt(small === 2 ** 32 ? below(small) : 0) << BigInt(below(33))) | BigInt(below(small)),
          )
        : value,
    );
    const call = operation as unknown as (guest: Guest, ...values: unknown[]) => number | Promise<number>;
    let answer: number | Promise<number>;
    try {
      answer = call(guest, ...values);
    } catch (error) {
      const expected =
        error instanceof GuestError ||
        error instanceof RangeError ||
        (error instanceof Error && "errno" in error);
      if (!expected) throw new Error(`${name}(${values.join(", ")})`, { cause: error });
      answer = error instanceof RangeError ? ERRNO.FAULT : errnoOf(error);
    }
    if (typeof answer !== "number") {
      answer = await Promise.race([answer, new Promise<number>((resolve) => setImmediate(resolve, -1))]);
      if (answer === -1) {
        guest.end({ kind: "closed" });
        guest = guestOn(directory.path);
        scatter();
        continue;
      }
    }
    seen.add(answer);
    if (answer < 0 || answer > 76) throw new Error(`${name} answered ${answer}`);
  }
  guest.end({ kind: "closed" });
  expect(await readFile(join(directory.path, "secret"), "utf8")).toBe("secret");
  expect(await readdir(directory.path)).toEqual(["secret", "volume"]);
  expect(readdirSync("/proc/self/fd").length).toBe(open);
  // It did get beyond the first checks.
  for (const errno of [ERRNO.SUCCESS, ERRNO.BADF, ERRNO.FAULT, ERRNO.INVAL, ERRNO.NOENT, ERRNO.NOTDIR])
    expect(seen).toContain(errno);
});
