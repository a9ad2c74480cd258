import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { buildMountTree } from "../src/index.ts";
import type { RootNode, WasiInit } from "../src/index.ts";
import { runFiles } from "./run-guest.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const KERNELS = ["native", "portable"] as const;

type Steps = readonly (readonly [operation: string, line: string])[];

async function expectSteps(node: RootNode, steps: Steps, init: WasiInit): Promise<void> {
  const lines = await runFiles(
    node,
    steps.flatMap(([operation]) => operation.split(" ")),
    init,
  );
  expect(steps.map(([operation], index) => [operation, lines[index]])).toEqual(steps);
}

describe.each(KERNELS)("files by the %s kernel", (kernel) => {
  it("are made, read, listed, linked, renamed and removed", async () => {
    await using directory = await temporaryDirectory({ "a/b/c.txt": "deep" });
    const steps: Steps = [
      ["read /a/b/c.txt", "ok deep"],
      ["write /new one", "ok"],
      ["append /new +two", "ok"],
      ["read /new", "ok one+two"],
      ["mkdir /d", "ok"],
      ["rename /new /d/moved", "ok"],
      ["read /d/moved", "ok one+two"],
      ["symlink d/moved /link", "ok"],
      ["read /link", "ok one+two"],
      ["readlink /link", "ok d/moved"],
      ["lstat /link", "ok link 7"],
      ["stat /link", "ok file 7"],
      ["link /d/moved /hard", "ok"],
      ["stat /hard", "ok file 7"],
      ["list /", "ok . .. a d hard link"],
      ["list /a/../d", "ok . .. moved"],
      ["rmdir /d", "ENOTEMPTY"],
      ["unlink /d/moved", "ok"],
      ["rmdir /d", "ok"],
      ["stat /link", "ENOENT"],
    ];
    await expectSteps({ kind: "host-directory", path: directory.path, readOnly: false }, steps, { kernel });
    expect(await readFile(join(directory.path, "hard"), "utf8")).toBe("one+two");
  });

  it("are listed whole, however many there are", async () => {
    const names = Array.from(
      { length: 600 },
      (_, index) => `file-with-a-rather-long-name-for-a-file-${index}`,
    );
    await using directory = await temporaryDirectory(Object.fromEntries(names.map((name) => [name, ""])));
    const node: RootNode = { kind: "host-directory", path: directory.path, readOnly: true };
    await expectSteps(node, [["list /", ["ok", ".", "..", ...names.toSorted()].join(" ")]], { kernel });
  });

  it("are brought to the disk and get the times that the guest sets", async () => {
    await using directory = await temporaryDirectory({ file: "text", "sub/": "" });
    const node: RootNode = { kind: "host-directory", path: directory.path, readOnly: false };
    const lines = await runFiles(
      node,
      ["sync", "/file", "datasync", "/file", "sync", "/sub", "touch", "/file"],
      { kernel },
    );
    expect(lines).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    const { mtimeNs } = await stat(join(directory.path, "file"), { bigint: true });
    const exact = 1_000_000_000_123_456_789n;
    expect(kernel === "native" ? mtimeNs : mtimeNs / 1000n).toBe(kernel === "native" ? exact : exact / 1000n);
  });

  it("of a read-only directory keep their times", async () => {
    await using directory = await temporaryDirectory({ file: "text" });
    const before = await stat(join(directory.path, "file"), { bigint: true });
    const node: RootNode = { kind: "host-directory", path: directory.path, readOnly: true };
    expect(await runFiles(node, ["touch", "/file"], { kernel })).toEqual(["EROFS", "EROFS"]);
    const file: RootNode = { kind: "host-file", path: join(directory.path, "file"), readOnly: true };
    const tree: RootNode = { kind: "directory", children: new Map([["mounted", file]]) };
    expect(await runFiles(tree, ["touch", "/mounted"], { kernel })).toEqual(["EROFS", "EROFS"]);
    expect((await stat(join(directory.path, "file"), { bigint: true })).mtimeNs).toBe(before.mtimeNs);
  });

  it("of a read-only directory can be read and nothing else", async () => {
    await using directory = await temporaryDirectory({ file: "text", "sub/x": "" });
    const steps: Steps = [
      ["read /file", "ok text"],
      ["write /file x", "EROFS"],
      ["append /file x", "EROFS"],
      ["write /new x", "EROFS"],
      ["mkdir /new", "EROFS"],
      ["unlink /file", "EROFS"],
      ["rename /file /new", "EROFS"],
      ["link /file /new", "EROFS"],
      ["symlink file /new", "EROFS"],
      ["rmdir /sub", "EROFS"],
      ["write /sub/new x", "EROFS"],
      ["read /file", "ok text"],
    ];
    await expectSteps({ kind: "host-directory", path: directory.path, readOnly: true }, steps, { kernel });
  });

  it("that a guest opens without end stop at its limit", async () => {
    await using directory = await temporaryDirectory({ file: "text" });
    const node: RootNode = { kind: "host-directory", path: directory.path, readOnly: true };
    await expectSteps(node, [["exhaust /file", "EMFILE after 16"]], { kernel, maxDescriptors: 20 });
  });
});

describe.each(KERNELS)("a mount tree by the %s kernel", (kernel) => {
  it("shows directories, single files and devices at their paths", async () => {
    await using data = await temporaryDirectory({ "sub/inner": "inner", top: "top" });
    await using config = await temporaryDirectory({
      "..data": "-> ..v1",
      "..v1/key": "value",
      key: "-> ..data/key",
    });
    await using over = await temporaryDirectory({ own: "own" });
    const node = buildMountTree([
      { source: data.path, target: "/srv/data", kind: "directory", readOnly: false },
      { source: config.path, target: "/etc/config", kind: "directory", readOnly: true },
      { source: over.path, target: "/srv/data/sub/over", kind: "directory", readOnly: false },
      { source: join(config.path, "..v1/key"), target: "/srv/data/key", kind: "file", readOnly: true },
    ]);
    const steps: Steps = [
      ["list /", "ok . .. dev etc run srv"],
      ["list /srv", "ok . .. data"],
      ["list /srv/data", "ok . .. key sub top"],
      ["list /srv/data/sub", "ok . .. inner over"],
      ["read /srv/data/sub/inner", "ok inner"],
      ["read /srv/data/sub/over/own", "ok own"],
      ["read /etc/config/key", "ok value"],
      ["read /srv/data/key", "ok value"],
      ["write /srv/data/key x", "EROFS"],
      ["read /srv/data/sub/../../../etc/config/key", "ok value"],
      ["read /srv/data/../data/top", "ok top"],
      ["write /srv/data/sub/new 1", "ok"],
      ["stat /srv/data/new", "ENOENT"],
      ["stat /srv/data/sub/new", "ok file 1"],
      ["mkdir /srv/x", "EROFS"],
      ["rmdir /srv/data", "EBUSY"],
      ["unlink /srv/data/key", "EBUSY"],
      ["rename /srv/data/sub /srv/data/sub2", "EBUSY"],
      ["rename /srv/data/top /etc/config/top", "EXDEV"],
      ["rename /srv/data/top /srv/data/sub/over/top", "EXDEV"],
      ["link /etc/config/..v1/key /srv/data/hard", "EXDEV"],
      ["symlink ../../etc/config/key /srv/data/up", "ok"],
      ["read /srv/data/up", "ok value"],
      ["write /srv/data/up x", "EROFS"],
      ["stat /srv", "ok directory 0"],
      ["read /dev/null", "ok "],
      ["write /dev/null x", "ok"],
      ["write /dev/stderr x", "ok"],
      ["stat /dev/zero", "ok device 0"],
      ["list /dev", "ok . .. null random stderr stdin stdout urandom zero"],
      ["stat /run/krustlet/signals", "ok device 0"],
      ["mkdir /srv/data", "EEXIST"],
      ["read /srv/none", "ENOENT"],
    ];
    await expectSteps(node, steps, { kernel });
  });

  it("lies over a root file system, whose links lead through the mounts", async () => {
    await using rootfs = await temporaryDirectory({
      "etc/passwd": "guest",
      "etc/config/hidden": "hidden",
      here: "-> etc/config",
      "usr/up": "-> ../etc/config/key",
      "usr/abs": "-> /etc/passwd",
      "usr/conf": "-> /etc/config",
    });
    await using config = await temporaryDirectory({ key: "value" });
    const mounts = [
      { source: config.path, target: "/etc/config", kind: "directory", readOnly: false },
    ] as const;
    const node = buildMountTree(mounts, { rootfs: { path: rootfs.path, readOnly: true } });
    const steps: Steps = [
      ["read /etc/passwd", "ok guest"],
      ["list /etc/config", "ok . .. key"],
      ["read /here/key", "ok value"],
      ["read /usr/up", "ok value"],
      ["read /usr/abs", "ok guest"],
      ["lstat /usr/conf/key", "ok file 5"],
      ["list /etc", "ok . .. config passwd"],
      ["read /usr/../etc/config/../passwd", "ok guest"],
      ["write /etc/passwd x", "EROFS"],
      ["write /here/new y", "ok"],
    ];
    await expectSteps(node, steps, { kernel });
    expect(await readFile(join(config.path, "new"), "utf8")).toBe("y");
  });
});
