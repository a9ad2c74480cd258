import { execFileSync } from "node:child_process";
import { closeSync, constants, readFileSync } from "node:fs";
import { link, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { describe, expect, it, vi } from "vitest";

import type { RootNode } from "../src/index.ts";
import type { Kernel } from "../src/kernel/kernel.ts";
import { openKernel } from "../src/kernel/open-kernel.ts";
import { openPath } from "../src/tree/open-path.ts";
import { Place } from "../src/tree/place.ts";
import { runFiles } from "./run-guest.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import type { TemporaryDirectory } from "./temporary-directory.ts";

const KERNELS = ["native", "portable"] as const;
const REFUSED = /^(ENOTCAPABLE|ENOENT|EPERM|ENOTDIR|ELOOP|EINVAL|EXDEV)$/;

/** A volume beside things that the guest must not reach, and links in the volume that lead to them. */
async function volume(): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory({
    "secret.txt": "secret",
    "outside/file": "secret",
    "volume/own.txt": "own",
    "volume/sub/deep.txt": "deep",
    "volume/final": "-> ../secret.txt",
    "volume/dirlink": "-> ../outside",
    "volume/absolute": "-> /etc/passwd",
    "volume/absolute-dir": "-> /etc",
    "volume/sub/up": "-> ../..",
    "volume/proc": "-> /proc/self/root",
    "volume/chain": "-> sub/up",
    "volume/loop": "-> loop",
  });
  return directory;
}

async function outsideOf(directory: string): Promise<unknown> {
  return [
    await readdir(directory),
    await readdir(join(directory, "outside")),
    await readFile(join(directory, "secret.txt"), "utf8"),
    await readFile(join(directory, "outside/file"), "utf8"),
  ];
}

describe.each(KERNELS)("a hostile guest by the %s kernel", (kernel) => {
  it.each([
    ["two dots", ["read /../secret.txt", "read /sub/../../secret.txt", "list /..", "stat /../outside/file"]],
    ["absolute paths", ["read //etc/passwd", "read /etc/passwd", "stat //etc"]],
    ["a link as the last component", ["read /final", "stat /final", "write /final x", "append /final x"]],
    [
      "a link in the middle",
      [
        "read /dirlink/file",
        "list /dirlink",
        "write /dirlink/new x",
        "mkdir /dirlink/new",
        "unlink /dirlink/file",
      ],
    ],
    [
      "links to absolute paths",
      ["read /absolute", "list /absolute-dir", "read /absolute-dir/passwd", "read /proc/etc/passwd"],
    ],
    [
      "links that lead up in steps",
      ["read /sub/up/secret.txt", "read /chain/secret.txt", "list /chain", "rmdir /chain/outside"],
    ],
    ["a link to itself", ["read /loop", "read /loop/x", "stat /loop"]],
    [
      "renaming and linking through links",
      [
        "rename /own.txt /dirlink/own.txt",
        "rename /dirlink/file /stolen",
        "link /dirlink/file /stolen",
        "link /own.txt /dirlink/own.txt",
        "symlink x /dirlink/link",
        "readlink /dirlink/file",
        "rename /own.txt /../own.txt",
        "link /../secret.txt /stolen",
      ],
    ],
    [
      "magic links of /dev and /proc",
      ["read /dev/fd/0", "read /proc/self/environ", "read /dev/../../secret.txt"],
    ],
  ])("gets nowhere by %s", async (_, operations) => {
    await using directory = await volume();
    const before = await outsideOf(directory.path);
    const node: RootNode = { kind: "host-directory", path: join(directory.path, "volume"), readOnly: false };
    const lines = await runFiles(
      node,
      operations.flatMap((operation) => operation.split(" ")),
      { kernel },
    );
    expect(lines).toHaveLength(operations.length);
    for (const line of lines) expect(line).toMatch(REFUSED);
    expect(await outsideOf(directory.path)).toEqual(before);
  });

  it("gets nowhere by links of its own whose text looks as if it stayed inside", async () => {
    await using directory = await temporaryDirectory({ "secret.txt": "secret", "volume/": "" });
    const node: RootNode = { kind: "host-directory", path: join(directory.path, "volume"), readOnly: false };
    const operations = [
      "symlink . /p",
      "symlink p/.. /up",
      "read /up/secret.txt",
      "write /up/new x",
      "unlink /up/secret.txt",
      "link /up/secret.txt /mine",
      "mkdir /up/new",
      "symlink /etc /abs",
    ];
    const lines = await runFiles(
      node,
      operations.flatMap((operation) => operation.split(" ")),
      { kernel },
    );
    expect(lines.slice(0, 2)).toEqual(["ok", "ok"]);
    for (const line of lines.slice(2)) expect(line).toMatch(REFUSED);
    expect(await readdir(directory.path)).toEqual(["secret.txt", "volume"]);
  });

  it("finds no way round a read-only mount by a hard link", async () => {
    await using directory = await temporaryDirectory({ "ro/file": "text", "rw/": "" });
    const host = (name: string, readOnly: boolean): RootNode => ({
      kind: "host-directory",
      path: join(directory.path, name),
      readOnly,
    });
    const node: RootNode = {
      kind: "directory",
      children: new Map([
        ["ro", host("ro", true)],
        ["rw", host("rw", false)],
      ]),
    };
    const lines = await runFiles(node, ["link", "/ro/file", "/rw/mine", "rename", "/ro/file", "/rw/mine"], {
      kernel,
    });
    expect(lines).toEqual(["EXDEV", "EXDEV"]);
  });

  it("does not stop the thread with a FIFO in a volume", async () => {
    await using directory = await temporaryDirectory({});
    execFileSync("mkfifo", [join(directory.path, "fifo")]);
    const node: RootNode = { kind: "host-directory", path: directory.path, readOnly: false };
    expect(await runFiles(node, ["read", "/fifo", "write", "/fifo", "x"], { kernel })).toEqual([
      "ok ",
      "ENXIO",
    ]);
  });
});

vi.setConfig({ testTimeout: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 0) > 0 ? 3_600_000 : 60_000 });

describe.each([
  ["native", (): Kernel => openKernel("native")],
  ["native, without openat2", (): Kernel => ({ ...openKernel("native"), openBeneath: undefined })],
  ["portable", (): Kernel => openKernel("portable")],
] as const)("links that are swapped while a path is resolved by the %s kernel", (_, kernel) => {
  it("never lead outside", async () => {
    await using directory = await temporaryDirectory({ "outside/file": "secret", "volume/real/file": "own" });
    const root = join(directory.path, "volume");
    await mkdir(join(root, "spare"));
    await link(join(root, "real/file"), join(root, "spare/file"));
    await writeFile(join(root, "flag"), "");
    const done = new SharedArrayBuffer(8);
    const worker = new Worker(
      `const { workerData: { root, outside, done } } = require("node:worker_threads");
       const { renameSync, symlinkSync, unlinkSync } = require("node:fs");
       const state = new Int32Array(done);
       while (Atomics.load(state, 0) === 0) {
         renameSync(root + "/real", root + "/away");
         symlinkSync(outside, root + "/real");
         Atomics.add(state, 1, 1);
         unlinkSync(root + "/real");
         renameSync(root + "/away", root + "/real");
       }`,
      { eval: true, workerData: { root, outside: join(directory.path, "outside"), done } },
    );
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    const state = new Int32Array(done);
    const counts = { own: 0, refused: 0, escaped: 0 };
    const host = kernel();
    using place = Place.ofNode({ kind: "host-directory", path: root, readOnly: false }, true);
    const rounds = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 3000);
    while (Atomics.load(state, 1) === 0) await new Promise(setImmediate);
    // A busy machine may let only one of the two run for as long as all rounds take.
    const giveUp = performance.now() + 20_000;
    const sawBoth = (): boolean => counts.own > 0 && counts.refused > 0;
    for (let i = 0; i < rounds || (!sawBoth() && performance.now() < giveUp); i++) {
      try {
        const options = { follow: true, flags: constants.O_RDONLY, mode: 0, writes: false };
        const opened = openPath(host, place, "real/file", options);
        if (!("fd" in opened)) throw new Error("no descriptor");
        counts[readFileSync(opened.fd, "utf8") === "own" ? "own" : "escaped"]++;
        closeSync(opened.fd);
      } catch {
        counts.refused++;
      }
    }
    Atomics.store(state, 0, 1);
    await ended;
    expect(counts.escaped).toBe(0);
    expect(counts.own).toBeGreaterThan(0);
    expect(counts.refused).toBeGreaterThan(0);
    expect(Atomics.load(state, 1)).toBeGreaterThan(10);
  });
});
