import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { isKrustletError } from "@krustlet/interface";
import { paxEntry, sha256Of, tarArchive } from "@krustlet/testkit";
import type { TarFile } from "@krustlet/testkit";
import * as fc from "fast-check";
import { packTar } from "modern-tar";
import { describe, expect, it, vi } from "vitest";
import { findModule } from "../src/find-module.ts";
import { unpackLayerFile } from "../src/layer-stream.ts";
import { readTar } from "../src/tar-reader.ts";
import { resolveInTree } from "../src/tree-path.ts";
import { unpackLayer } from "../src/unpack-layer.ts";
import { createUnpackBudget, DEFAULT_UNPACK_LIMITS } from "../src/unpack-limits.ts";

// Nothing here takes long by itself; a busy machine may.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const RUNS = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 100);

/** A tree with a file beside it that no archive may touch. */
async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), "krustlet-unpack-"));
  const root = join(directory, "root");
  await mkdir(root);
  await writeFile(join(directory, "outside"), "untouched");
  await mkdir(join(directory, "outdir"));
  const budget = createUnpackBudget({ ...DEFAULT_UNPACK_LIMITS, bytes: 1 << 20, entries: 100 }, "image");
  return {
    directory,
    root,
    apply: (entries: readonly TarFile[]) =>
      unpackLayer(chunked(tarArchive(entries)), { root, budget, subject: "image" }),
    raw: (bytes: Uint8Array) => unpackLayer(chunked(bytes), { root, budget, subject: "image" }),
    /** What lies beside the tree. */
    outside: async () => [
      await readFile(join(directory, "outside"), "utf8"),
      (await readdir(directory)).toSorted().join(),
      (await readdir(join(directory, "outdir"))).join(),
    ],
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

const UNTOUCHED = ["untouched", "outdir,outside,root", ""];

async function* chunked(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("unpacking a layer", () => {
  it("makes files, directories and links, with plain modes", async () => {
    await using t = await setUp();
    await t.apply([
      { name: "./", type: "5" },
      { name: "./bin/", type: "5", mode: 0o1777 },
      { name: "bin/tool", content: "x", mode: 0o6755 },
      { name: "bin/data", content: "y", mode: 0o666 },
      { name: "bin/also", type: "1", linkname: "bin/data" },
      { name: "lib", type: "2", linkname: "/usr/lib" },
      { name: "/absolute", content: "below the root" },
      { name: "deep/er/file", content: "z" },
    ]);
    const mode = async (name: string) => ((await lstat(join(t.root, name))).mode & 0o7777).toString(8);
    expect([await mode("bin"), await mode("bin/tool"), await mode("bin/data")]).toEqual([
      "755",
      "755",
      "644",
    ]);
    expect((await stat(join(t.root, "bin/tool"))).mtimeMs).toBe(1_700_000_000_000);
    expect(await readFile(join(t.root, "bin/also"), "utf8")).toBe("y");
    expect(await readlink(join(t.root, "lib"))).toBe("/usr/lib");
    expect(await readFile(join(t.root, "absolute"), "utf8")).toBe("below the root");
    expect(await readFile(join(t.root, "deep/er/file"), "utf8")).toBe("z");
  });

  it("takes names and sizes from pax headers and GNU's long names", async () => {
    await using t = await setUp();
    const long = `${"d".repeat(100)}/${"f".repeat(200)}`;
    await t.apply([
      paxEntry({ path: long, size: "3" }),
      { name: "short", content: "abc", size: 0 },
      { name: "././@LongLink", type: "L", content: `${long}2\0` },
      { name: "short", content: "def" },
      paxEntry({ linkpath: "é".repeat(60) }),
      { name: "link", type: "2", linkname: "x" },
    ]);
    expect(await readFile(join(t.root, long), "utf8")).toBe("abc");
    expect(await readFile(join(t.root, `${long}2`), "utf8")).toBe("def");
    expect(await readlink(join(t.root, "link"))).toBe("é".repeat(60));
  });

  it("lets upper layers replace and hide what lower ones hold", async () => {
    await using t = await setUp();
    await t.apply([
      { name: "file", content: "old" },
      { name: "dir/a", content: "a" },
      { name: "dir/b", content: "b" },
      { name: "becomes-file/x", content: "x" },
      { name: "link", type: "2", linkname: "file" },
      { name: "opaque/low/x", content: "x" },
    ]);
    await t.apply([
      { name: "file", content: "new" },
      { name: "dir/.wh.a" },
      { name: "dir/c", content: "c" },
      { name: "becomes-file", content: "y" },
      { name: "link", content: "no link any more" },
      { name: "opaque/low/y", content: "y" },
      { name: "opaque/.wh..wh..opq" },
      { name: ".wh..wh.plnk", content: "AUFS" },
      { name: ".wh.absent" },
      { name: "own", content: "own" },
      { name: ".wh.own" },
    ]);
    expect(await readFile(join(t.root, "file"), "utf8")).toBe("new");
    expect((await readdir(join(t.root, "dir"))).toSorted()).toEqual(["b", "c"]);
    // A layer hides what is below it, and nothing of its own.
    expect(await readFile(join(t.root, "own"), "utf8")).toBe("own");
    expect(await readFile(join(t.root, "becomes-file"), "utf8")).toBe("y");
    expect(await readFile(join(t.root, "link"), "utf8")).toBe("no link any more");
    expect(await readdir(join(t.root, "opaque/low"))).toEqual(["y"]);
    expect(await readdir(t.root)).not.toContain(".wh..wh.plnk");
  });
});

describe("a hostile layer", () => {
  it.each<[string, TarFile[], string]>([
    ["climbs out by its name", [{ name: "../outside", content: "!" }], "leads out"],
    ["climbs out in the middle of its name", [{ name: "a/../../outside", content: "!" }], "leads out"],
    ["hides what is outside", [{ name: "a/.wh..." }], "hides no name"],
    ["hides everything", [{ name: ".wh." }], "hides no name"],
    ["hides its own directory", [{ name: "a/.wh.." }], "hides no name"],
    ["links to a file outside", [{ name: "x", type: "1", linkname: "../outside" }], "leads out"],
    [
      "links to a file of the machine",
      [{ name: "x", type: "1", linkname: "/etc/passwd" }],
      "no file of the image",
    ],
    ["links to itself", [{ name: "x", type: "1", linkname: "x" }], "no file of the image"],
    [
      "links to a directory",
      [
        { name: "d/", type: "5" },
        { name: "x", type: "1", linkname: "d" },
      ],
      "no file of the image",
    ],
    ["holds a character device", [{ name: "x", type: "3" }], "device"],
    ["holds a block device", [{ name: "x", type: "4" }], "device"],
    ["holds a pipe", [{ name: "x", type: "6" }], "pipe"],
    [
      "holds a file below a file",
      [
        { name: "x", content: "x" },
        { name: "x/y", content: "y" },
      ],
      "no directory",
    ],
    [
      "has links in a circle",
      [{ name: "a", type: "2", linkname: "b" }, { name: "b", type: "2", linkname: "a" }, { name: "a/x" }],
      "circle",
    ],
    [
      "has a name that no file system takes",
      [paxEntry({ path: "x".repeat(300) }), { name: "x" }],
      "too long",
    ],
    ["is deeper than any image", [paxEntry({ path: "d/".repeat(300) }), { name: "x" }], "too long"],
    [
      "holds files without end",
      Array.from({ length: 101 }, (_, at) => ({ name: `${at}` })),
      "more than 100 files",
    ],
    [
      "makes directories without end",
      [{ name: "d/".repeat(49) }, paxEntry({ path: "e/".repeat(120) }), { name: "x", type: "5" }],
      "more than 100 files",
    ],
  ])("that %s is refused", async (_how, entries, says) => {
    await using t = await setUp();
    await expect(t.apply(entries)).rejects.toMatchObject({
      code: "UnsupportedArtifact",
      message: expect.stringContaining(says),
    });
    expect(await t.outside()).toEqual(UNTOUCHED);
  });

  it("cannot write through a link that it made, absolute or not, nor hide behind it", async () => {
    await using t = await setUp();
    await t.apply([
      { name: "up", type: "2", linkname: "../outdir" },
      { name: "up/x", content: "!" },
      { name: "abs", type: "2", linkname: join(t.directory, "outdir") },
      { name: "abs/y", content: "!" },
      { name: "file", type: "2", linkname: "../outside" },
      { name: "file", content: "!" },
      { name: "far", type: "2", linkname: "../../../../../../../../etc" },
      { name: "far/.wh.passwd" },
      { name: "dir", type: "2", linkname: "../outdir" },
      { name: "dir/.wh..wh..opq" },
      { name: "hard", type: "1", linkname: "up/x" },
    ]);
    expect(await t.outside()).toEqual(UNTOUCHED);
    expect(await stat("/etc/passwd")).toBeDefined();
    // They went where a process with this root directory would have gone.
    expect(await readFile(join(t.root, "outdir/x"), "utf8")).toBe("!");
    expect(await readFile(join(t.root, "file"), "utf8")).toBe("!");
  });

  it("cannot change a file through a hard link to a link", async () => {
    await using t = await setUp();
    await t.apply([
      { name: "link", type: "2", linkname: "../outside" },
      { name: "hard", type: "1", linkname: "link" },
      { name: "hard", content: "!" },
    ]);
    expect(await t.outside()).toEqual(UNTOUCHED);
  });

  it.each<[string, Buffer, string]>([
    ["is text", Buffer.from("hello".repeat(300)), "malformed"],
    ["ends in a header", tarArchive([{ name: "x" }]).subarray(0, 300), "ends in the middle"],
    [
      "ends in a file",
      tarArchive([{ name: "x", content: "y".repeat(2000) }]).subarray(0, 1500),
      "ends in the middle",
    ],
    ["has an unknown entry", tarArchive([{ name: "x", type: "Z" }]), "unknown type"],
    ["has a sparse file", tarArchive([paxEntry({ "GNU.sparse.major": "1" }), { name: "x" }]), "sparse"],
    ["has NUL in a name", tarArchive([paxEntry({ path: "x\0y" }), { name: "x" }]), "NUL"],
    ["has a size that is none", tarArchive([paxEntry({ size: "-1" }), { name: "x" }]), "size is no number"],
    ["has a header of gigabytes", tarArchive([{ name: "x", type: "x", size: 2 ** 31 }]), "megabyte"],
    [
      "has a broken pax header",
      tarArchive([{ name: "x", type: "x", content: "99 a=b\n" }]),
      "cannot be read",
    ],
  ])("that %s is refused", async (_how, bytes, says) => {
    await using t = await setUp();
    await expect(t.raw(bytes)).rejects.toMatchObject({
      code: "RegistryProtocol",
      message: expect.stringContaining(says),
    });
    expect(await t.outside()).toEqual(UNTOUCHED);
  });

  it("that is a gzip bomb ends at the limit", async () => {
    await using t = await setUp();
    const bomb = join(t.directory, "outdir", "bomb");
    const tar = tarArchive([{ name: "zeros", content: Buffer.alloc(64 << 20) }]);
    await writeFile(bomb, gzipSync(tar));
    const budget = createUnpackBudget({ ...DEFAULT_UNPACK_LIMITS, bytes: 1 << 20 }, "image");
    const layer = { path: bomb, compression: "gzip" as const };
    await expect(unpackLayerFile(layer, { root: t.root, budget, subject: "image" })).rejects.toMatchObject({
      code: "UnsupportedArtifact",
      message: expect.stringContaining("1048576 bytes"),
    });
    expect((await stat(join(t.root, "zeros"))).size).toBeLessThanOrEqual(1 << 20);
  });

  it("that is no gzip, or not what the config names, is refused", async () => {
    await using t = await setUp();
    const file = join(t.directory, "outdir", "layer");
    const options = {
      root: t.root,
      budget: createUnpackBudget(DEFAULT_UNPACK_LIMITS, "image"),
      subject: "image",
    };
    const tar = tarArchive([{ name: "x", content: "y" }]);
    await writeFile(file, tar);
    for (const compression of ["gzip", "zstd"] as const) {
      await expect(unpackLayerFile({ path: file, compression }, options)).rejects.toMatchObject({
        code: "RegistryProtocol",
      });
    }
    await writeFile(file, gzipSync(tar).subarray(0, 60));
    await expect(unpackLayerFile({ path: file, compression: "gzip" }, options)).rejects.toMatchObject({
      code: "RegistryProtocol",
    });
    await writeFile(file, gzipSync(tar));
    const layer = { path: file, compression: "gzip" as const };
    await unpackLayerFile({ ...layer, diffId: sha256Of(tar) }, options);
    const other = unpackLayerFile({ ...layer, diffId: sha256Of(Buffer.from("other")) }, options);
    await expect(other).rejects.toMatchObject({ code: "DigestMismatch" });
  });

  it("of any kind leaves what is outside alone", { timeout: 120_000 }, async () => {
    const part = fc.constantFrom(
      "a",
      "b",
      "..",
      ".",
      "",
      "link",
      "outside",
      "outdir",
      ".wh.a",
      ".wh..wh..opq",
      ".wh...",
      "etc",
    );
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const target = fc.oneof(
      path,
      path.map((p) => `/${p}`),
      fc.constantFrom("..", "../..", "../outside", "../outdir", "/"),
    );
    const entry = fc.record({
      name: path,
      type: fc.constantFrom("0", "0", "1", "2", "2", "5"),
      linkname: target,
      content: fc.constantFrom("", "!"),
    });
    const property = fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
      await using t = await setUp();
      for (const one of entries) {
        await t.apply([one]).catch((error: unknown) => {
          if (!isKrustletError(error)) throw error;
        });
      }
      expect(await t.outside()).toEqual(UNTOUCHED);
    });
    await fc.assert(property, { seed: 7, numRuns: RUNS });
  });
});

describe("reading tar", () => {
  it("gives what another packer packed", async () => {
    const name = fc.stringMatching(/^[a-zé][a-z0-9é._-]{0,40}(\/[a-z0-9é._-]{1,40}){0,6}$/);
    const file = fc.record({ name, content: fc.uint8Array({ maxLength: 1200 }) });
    const property = fc.asyncProperty(
      fc.array(file, { maxLength: 5 }),
      fc.integer({ min: 1, max: 2000 }),
      async (files, size) => {
        const entries = files.map(({ name, content }) => ({
          header: { name, size: content.length, type: "file" as const },
          body: content,
        }));
        const seen: { name: string; content: Buffer }[] = [];
        for await (const entry of readTar(chunked(await packTar(entries), size))) {
          const parts: Uint8Array[] = [];
          for await (const part of entry.content) parts.push(Uint8Array.from(part));
          seen.push({ name: entry.name, content: Buffer.concat(parts) });
        }
        expect(seen).toEqual(files.map(({ name, content }) => ({ name, content: Buffer.from(content) })));
      },
    );
    await fc.assert(property, { seed: 8, numRuns: RUNS });
  });

  it("ends, and fails with our error only, whatever the bytes are", async () => {
    const good = tarArchive([
      paxEntry({ path: "long", mtime: "1.5" }),
      { name: "x", content: "y".repeat(600) },
      { name: "l", type: "2", linkname: "x" },
    ]);
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 });
    const property = fc.asyncProperty(
      damage,
      fc.nat(good.length),
      fc.boolean(),
      async (changes, end, fix) => {
        const bytes = Buffer.from(good.subarray(0, end));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        // Half of the time with right checksums, so that what is behind them is reached.
        if (fix)
          for (let at = 0; at + 512 <= bytes.length; at += 512) fixChecksum(bytes.subarray(at, at + 512));
        try {
          for await (const entry of readTar(chunked(bytes))) expect(entry.name).not.toContain("\0");
        } catch (error) {
          if (!isKrustletError(error, "RegistryProtocol")) throw error;
        }
      },
    );
    await fc.assert(property, { seed: 9, numRuns: RUNS * 4 });
  });
});

function fixChecksum(block: Buffer): void {
  if (block.every((byte) => byte === 0)) return;
  block.write("        ", 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

describe("finding an image's module", () => {
  const find = async (files: Readonly<Record<string, string>>, config: Parameters<typeof findModule>[1]) => {
    const t = await setUp();
    try {
      await t.apply(Object.entries(files).map(([name, content]) => ({ name, content })));
      await symlink("../../../outside", join(t.root, "escape.wasm"));
      return (await findModule(t.root, config, "image")).slice(t.root.length);
    } finally {
      await t[Symbol.asyncDispose]();
    }
  };

  it.each<[string, Record<string, string>, Parameters<typeof findModule>[1], string]>([
    ["an absolute entrypoint", { "app/x.wasm": "" }, { entrypoint: ["/app/x.wasm"] }, "/app/x.wasm"],
    ["the command where there is no entrypoint", { "x.wasm": "" }, { command: ["x.wasm"] }, "/x.wasm"],
    [
      "one in the working directory",
      { "app/x.wasm": "", "x.wasm": "" },
      { entrypoint: ["x.wasm"], workingDir: "/app" },
      "/app/x.wasm",
    ],
    [
      "one relative to it",
      { "app/x.wasm": "" },
      { entrypoint: ["./x.wasm"], workingDir: "app" },
      "/app/x.wasm",
    ],
    [
      "one in the image's PATH",
      { "opt/x": "" },
      { entrypoint: ["x"], env: ["PATH=/usr/bin:/opt"] },
      "/opt/x",
    ],
    ["one in the usual PATH", { "usr/bin/x": "" }, { entrypoint: ["x"] }, "/usr/bin/x"],
    ["one that names its start", { "x.wasm": "" }, { entrypoint: ["/x.wasm#_start"] }, "/x.wasm"],
  ])("takes %s", async (_what, files, config, path) => {
    expect(await find(files, config)).toBe(path);
  });

  it.each<[string, Record<string, string>, Parameters<typeof findModule>[1], string]>([
    ["is not there", {}, { entrypoint: ["/absent.wasm"] }, "no such file"],
    ["is a link out of the image", {}, { entrypoint: ["/escape.wasm"] }, "no such file"],
    ["climbs out", {}, { entrypoint: ["../outside"] }, "no such file"],
    ["starts elsewhere", { "x.wasm": "" }, { entrypoint: ["/x.wasm#main"] }, "only _start"],
    ["is not named", { "a.wasm": "" }, {}, "exactly one"],
    ["is longer than a path", {}, { entrypoint: ["a/../".repeat(1000)] }, "too long a path"],
    [
      "is in too long a directory",
      {},
      { entrypoint: ["x"], workingDir: "/a/..".repeat(1000) },
      "too long a path",
    ],
    [
      "is in too long a PATH",
      {},
      { entrypoint: ["x"], env: [`PATH=${"/a/..".repeat(1000)}`] },
      "no such file",
    ],
  ])("refuses one that %s", async (_how, files, config, says) => {
    await expect(find(files, config)).rejects.toMatchObject({
      code: "UnsupportedArtifact",
      message: expect.stringContaining(says),
    });
  });

  it("resolves links as the image's own root would", async () => {
    await using t = await setUp();
    await symlink("/b", join(t.root, "a"));
    await symlink("../../c", join(t.root, "b"));
    expect(await resolveInTree(t.root, "a/x")).toBe(join(t.root, "c/x"));
    expect(await resolveInTree(t.root, "../../a/../y")).toBe(join(t.root, "y"));
    await mkdir(join(t.root, "usr", "bin"), { recursive: true });
    await symlink("/opt/app", join(t.root, "usr", "bin", "app"));
    await symlink("../lib", join(t.root, "usr", "bin", "lib"));
    expect(await resolveInTree(t.root, "usr/bin/app/x")).toBe(join(t.root, "opt/app/x"));
    expect(await resolveInTree(t.root, "/usr/bin/lib")).toBe(join(t.root, "usr/lib"));
  });
});
