import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Mount } from "@krustlet/interface";
import { GuestFiles } from "../src/fs/guest-files.ts";
import { SCRATCH_BYTES, SCRATCH_ENTRIES } from "../src/fs/scratch-quota.ts";

const { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;

describe("the files of a wasmer guest", () => {
  let root = "";
  let volume = "";
  let files: GuestFiles;
  const open = (changes: Partial<Mount> = {}): GuestFiles =>
    new GuestFiles([{ source: volume, target: "/data", kind: "directory", readOnly: false, ...changes }]);
  const failure = (call: () => unknown): string => {
    try {
      call();
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error);
    }
    return "no failure";
  };
  const text = (path: string): string => {
    const fd = files.openSync(path, O_RDONLY);
    const buffer = new Uint8Array(64);
    const length = files.readSync(fd, buffer, 0, 64, null);
    files.closeSync(fd);
    return Buffer.from(buffer.subarray(0, length)).toString();
  };

  beforeEach(() => {
    root = fs.mkdtempSync(join(tmpdir(), "krustlet-wasmer-"));
    volume = join(root, "volume");
    fs.mkdirSync(join(volume, "sub"), { recursive: true });
    fs.writeFileSync(join(volume, "in"), "inside");
    fs.writeFileSync(join(root, "secret"), "outside");
    files = open();
  });
  afterEach(() => {
    files[Symbol.dispose]();
    fs.rmSync(root, { recursive: true, force: true });
  });

  it("reads and writes a mounted directory of the host", () => {
    expect(text("/data/in")).toBe("inside");
    const fd = files.openSync("/data/out", O_WRONLY | O_CREAT);
    files.writeSync(fd, Buffer.from("written"), 0, 7, null);
    files.closeSync(fd);
    expect(fs.readFileSync(join(volume, "out"), "utf8")).toBe("written");
  });

  it("follows links that stay in the mount, as those of a configMap volume do", () => {
    fs.mkdirSync(join(volume, "..2026"));
    fs.writeFileSync(join(volume, "..2026", "key"), "value");
    fs.symlinkSync("..2026", join(volume, "..data"));
    fs.symlinkSync("..data/key", join(volume, "key"));
    expect(text("/data/key")).toBe("value");
    expect(files.realpathSync("/data/key")).toBe("/data/..2026/key");
  });

  it.each(["link", "parent/secret", "up/secret"])(
    "does not leave the mount by the host's link %s",
    (path) => {
      fs.symlinkSync("../secret", join(volume, "link"));
      fs.symlinkSync(root, join(volume, "parent"));
      fs.symlinkSync("..", join(volume, "up"));
      for (const call of [
        () => files.openSync(`/data/${path}`, O_RDONLY),
        () => files.statSync(`/data/${path}`),
        () => files.realpathSync(`/data/${path}`),
      ]) {
        expect(["EXDEV", "ELOOP"]).toContain(failure(call));
      }
    },
  );

  it("does not leave the mount by links that the guest makes", () => {
    files.symlinkSync(".", "/data/p");
    files.symlinkSync("p/..", "/data/up");
    expect(failure(() => files.openSync("/data/up/secret", O_RDONLY))).toBe("EXDEV");
    expect(failure(() => files.mkdirSync("/data/up/made"))).toBe("EXDEV");
    expect(failure(() => files.unlinkSync("/data/up/secret"))).toBe("EXDEV");
    expect(failure(() => files.renameSync("/data/up/secret", "/data/mine"))).toBe("EXDEV");
    expect(failure(() => files.linkSync("/data/up/secret", "/data/mine"))).toBe("EXDEV");
    expect(failure(() => files.symlinkSync("/etc", "/data/etc"))).toBe("EPERM");
    expect(fs.readFileSync(join(root, "secret"), "utf8")).toBe("outside");
  });

  it("changes nothing beneath a read-only mount", () => {
    files[Symbol.dispose]();
    files = open({ readOnly: true });
    for (const call of [
      () => files.openSync("/data/in", O_RDWR),
      () => files.openSync("/data/new", O_RDONLY | O_CREAT),
      () => files.mkdirSync("/data/new"),
      () => files.unlinkSync("/data/in"),
      () => files.rmdirSync("/data/sub"),
      () => files.renameSync("/data/in", "/data/out"),
      () => files.linkSync("/data/in", "/data/out"),
      () => files.symlinkSync("in", "/data/out"),
      () => files.utimesSync("/data/in", new Date(0), new Date(0)),
    ]) {
      expect(failure(call)).toBe("EROFS");
    }
    expect(fs.readdirSync(volume).toSorted()).toEqual(["in", "sub"]);
  });

  it("keeps what is not in a mount in memory, and lists the mounts beside it", () => {
    const fd = files.openSync("/tmp/scratch", O_RDWR | O_CREAT);
    files.writeSync(fd, Buffer.from("kept"), 0, 4, null);
    files.closeSync(fd);
    expect(text("/tmp/scratch")).toBe("kept");
    const names = (files.readdirSync("/", { withFileTypes: true }) as { name: string }[]).map(
      ({ name }) => name,
    );
    expect(names.toSorted()).toEqual(["data", "dev", "tmp"]);
    expect(failure(() => files.openSync("/etc/passwd", O_RDONLY))).toBe("ENOENT");
    expect(failure(() => files.renameSync("/tmp/scratch", "/data/scratch"))).toBe("EXDEV");
    expect(failure(() => files.rmdirSync("/data"))).toBe("EBUSY");
  });

  it("does not let a guest fill the host's memory", () => {
    const fd = files.openSync("/tmp/big", O_RDWR | O_CREAT);
    expect(failure(() => files.ftruncateSync(fd, SCRATCH_BYTES + 1))).toBe("ENOSPC");
    expect(failure(() => files.writeSync(fd, new Uint8Array(1), 0, 1, 2 ** 40))).toBe("ENOSPC");
    for (let entry = 1; entry < SCRATCH_ENTRIES; entry++) files.symlinkSync("x", `/tmp/${entry}`);
    expect(failure(() => files.mkdirSync("/tmp/one-more"))).toBe("ENOSPC");
  });

  it("gives out so many descriptors and no more, and closes all of them", () => {
    files[Symbol.dispose]();
    files = new GuestFiles([{ source: volume, target: "/data", kind: "directory", readOnly: false }], 16);
    const before = fs.readdirSync("/proc/self/fd").length;
    for (let n = 0; n < 16; n++) files.openSync("/data/in", O_RDONLY);
    expect(failure(() => files.openSync("/data/in", O_RDONLY))).toBe("EMFILE");
    expect(failure(() => files.closeSync(-1))).toBe("EBADF");
    files[Symbol.dispose]();
    // The mount's own descriptor is gone too.
    expect(fs.readdirSync("/proc/self/fd").length).toBe(before - 1);
    files = open();
  });

  it("does not wait for the other end of a FIFO", async () => {
    const { execFileSync } = await import("node:child_process");
    execFileSync("mkfifo", [join(volume, "pipe")]);
    const fd = files.openSync("/data/pipe", O_RDONLY);
    files.closeSync(fd);
    expect(failure(() => files.openSync("/data/pipe", O_WRONLY))).toBe("ENXIO");
  });

  it("shows one file of the host as just that file", () => {
    files[Symbol.dispose]();
    files = open({ source: join(volume, "in"), target: "/etc/app.conf", kind: "file" });
    expect(text("/etc/app.conf")).toBe("inside");
    expect(failure(() => files.openSync("/etc/app.conf/x", O_RDONLY))).toBe("ENOTDIR");
    expect(failure(() => files.openSync("/etc/sub", O_RDONLY))).toBe("ENOENT");
  });
});
