import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildModule, moduleSourceOf, wasmCode } from "@krustlet/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModuleCache } from "../src/module-cache.ts";
import { prepareModule } from "../src/prepare-module.ts";

describe("ModuleCache", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "krustlet-cache-"));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const elsewhere: string[] = [];
  const createCache = (): ModuleCache =>
    new ModuleCache((bytes, wanted, subject) => {
      elsewhere.push(subject);
      return Promise.resolve(prepareModule(bytes, wanted, subject));
    });
  const written = async (name: string, bytes: Uint8Array) => {
    const path = join(directory, name);
    await writeFile(path, bytes);
    return moduleSourceOf(path);
  };
  const command = buildModule({ functions: { _start: wasmCode.nop }, memory: { min: 1 } });

  it("compiles a module once for all containers that run it at the same time", async () => {
    const cache = createCache();
    const source = await written("a.wasm", command);
    const [one, two] = await Promise.all([
      cache.lease(source, { kind: "metered" }, "a"),
      cache.lease(source, { kind: "metered" }, "b"),
    ]);
    expect(one.ready.module).toBe(two.ready.module);
  });

  it("keeps a module for the next start after its last user has gone", async () => {
    const cache = createCache();
    const source = await written("a.wasm", command);
    const first = await cache.lease(source, { kind: "metered" }, "a");
    first[Symbol.dispose]();
    await rm(source.path);
    const second = await cache.lease(source, { kind: "metered" }, "a");
    expect(second.ready.module).toBe(first.ready.module);
  });

  it("keeps the forms of one module apart", async () => {
    const cache = createCache();
    const source = await written("a.wasm", command);
    const kinds = [];
    for (const wanted of [
      { kind: "metered" },
      { kind: "limited", maxPages: 1 },
      { kind: "limited", maxPages: 0 },
    ] as const) {
      kinds.push((await cache.lease(source, wanted, "a")).ready.form.kind);
    }
    expect(kinds).toEqual(["metered", "limited", "too-large"]);
  });

  it("runs nothing but the bytes that have the digest, so that no file stands for another", async () => {
    const cache = createCache();
    const source = await written("a.wasm", command);
    await writeFile(
      source.path,
      buildModule({ functions: { _start: wasmCode.forever }, memory: { min: 1 } }),
    );
    await expect(cache.lease(source, { kind: "metered" }, "a")).rejects.toMatchObject({
      code: "StartFailed",
      message: expect.stringContaining("not what it was"),
    });
    await writeFile(source.path, command);
    using lease = await cache.lease(source, { kind: "metered" }, "a");
    expect(lease.ready.form.kind).toBe("metered");
  });

  it("reads the file again after a failure", async () => {
    const cache = createCache();
    const source = await written("a.wasm", command);
    await rm(source.path);
    await expect(cache.lease(source, { kind: "metered" }, "a")).rejects.toMatchObject({
      code: "StartFailed",
    });
    await writeFile(source.path, command);
    await expect(cache.lease(source, { kind: "metered" }, "a")).resolves.toBeDefined();
  });

  it("names the container and the file that cannot be read", async () => {
    const source = await written("a.wasm", command);
    await rm(source.path);
    await expect(createCache().lease(source, { kind: "metered" }, "container x/y/z")).rejects.toMatchObject({
      code: "StartFailed",
      message: expect.stringMatching(/container x\/y\/z: .*a\.wasm/) as string,
    });
  });

  it("rewrites a large module elsewhere than on the caller's thread", async () => {
    const body = Array.from({ length: 300 * 1024 }, () => 0x01);
    const source = await written("large.wasm", buildModule({ functions: { _start: body } }));
    elsewhere.length = 0;
    await createCache().lease(source, { kind: "metered" }, "large");
    expect(elsewhere).toHaveLength(1);
  });
});
