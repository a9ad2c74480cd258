import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { buildModule } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { openHost } from "./fake-host.ts";

describe("help", () => {
  it("names every command, and each command every option", async () => {
    await using host = await openHost();
    expect(await host.run("--help")).toBe(0);
    for (const name of ["run", "pull", "images", "inspect"])
      expect(host.printed.stdout).toContain(`  ${name} `);
    expect(await host.run("run", "--help")).toBe(0);
    expect(host.printed.stdout).toContain("-v, --volume HOST:GUEST[:ro]");
    expect(await host.run()).toBe(0);
    expect(host.printed.stderr).toBe("");
  });

  it("of one command is what help says of it, too", async () => {
    await using host = await openHost();
    expect(await host.run("help", "images")).toBe(0);
    const { stdout } = host.printed;
    host.printed.stdout = "";
    expect(await host.run("images", "-h")).toBe(0);
    expect(host.printed.stdout).toBe(stdout);
  });

  it("that cannot be written is a failure, unless nobody wants to read it", async () => {
    await using full = await openHost();
    full.failStdout(Object.assign(new Error("write ENOSPC"), { code: "ENOSPC" }));
    expect(await full.run("--help")).toBe(125);
    expect(full.printed.stderr).toBe(
      "krustlet: standard output cannot be written: no space is left on the device\n",
    );
    await using closed = await openHost();
    closed.failStdout(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    expect(await closed.run("--help")).toBe(0);
  });

  it("tells the package's version", async () => {
    await using host = await openHost();
    expect(await host.run("--version")).toBe(0);
    expect(host.printed.stdout).toMatch(/^krustlet \d+\.\d+\.\d+\n$/);
    expect(await host.run("version")).toBe(0);
    expect(host.printed.stdout).toMatch(/^(krustlet \d+\.\d+\.\d+\n)\1$/);
  });
});

describe("inspect", () => {
  const module = buildModule({
    imports: [["wasi_snapshot_preview1", "proc_exit"]],
    functions: { _start: [] },
    memory: { min: 2 },
  });

  it("shows kind, size, digest, imports and exports", async () => {
    await using host = await openHost();
    await writeFile(join(host.directory, "m.wasm"), module);
    expect(await host.run("inspect", "m.wasm")).toBe(0);
    expect(host.printed.stdout).toMatch(/^Kind: +module$/m);
    expect(host.printed.stdout).toMatch(new RegExp(`^Size: +${module.length} bytes$`, "m"));
    expect(host.printed.stdout).toMatch(/^Digest: +sha256:[0-9a-f]{64}$/m);
    expect(host.printed.stdout).toMatch(/^ {2}wasi_snapshot_preview1\.proc_exit +function/m);
    expect(host.printed.stdout).toMatch(/^ {2}_start +function/m);
  });

  it("shows names as they are wide, and nothing of them that would move the cursor", async () => {
    await using host = await openHost();
    const hostile = buildModule({
      imports: [
        ["env\u001b[2J", "f\n  fake"],
        ["\u6f22\u5b57", "\ud83d\udc69\u200d\ud83d\udc67"],
      ],
      functions: { _start: [] },
      memory: { min: 1 },
    });
    await writeFile(join(host.directory, "m.wasm"), hostile);
    expect(await host.run("inspect", "m.wasm")).toBe(0);
    expect(host.printed.stdout).toContain(
      [
        "Imports: 2",
        "  env\ufffd[2J.f\ufffd  fake  function  () -> ()",
        "  \u6f22\u5b57.\ud83d\udc69\u200d\ud83d\udc67           function  () -> ()",
      ].join("\n"),
    );
  });

  it("names the file that is damaged", async () => {
    await using host = await openHost();
    await writeFile(join(host.directory, "cut.wasm"), module.subarray(0, 20));
    expect(await host.run("inspect", "cut.wasm")).toBe(126);
    expect(host.printed.stderr).toMatch(/^krustlet: cut\.wasm: The WebAssembly binary is invalid at byte /);
  });

  it("is one JSON document where that is asked for", async () => {
    await using host = await openHost();
    await writeFile(join(host.directory, "m.wasm"), module);
    expect(await host.run("inspect", "--output", "json", "m.wasm")).toBe(0);
    expect(JSON.parse(host.printed.stdout)).toMatchObject({
      reference: "m.wasm",
      kind: "module",
      size: module.length,
      exports: expect.arrayContaining([expect.objectContaining({ name: "_start" })]) as unknown,
    });
  });
});

it("images of an empty store are a heading, or nothing", async () => {
  await using host = await openHost();
  expect(await host.run("images")).toBe(0);
  expect(host.printed.stdout).toBe("REFERENCE  MODULE  KIND  SIZE  PULLED\n");
  host.printed.stdout = "";
  expect(await host.run("images", "--output", "json")).toBe(0);
  expect(host.printed.stdout).toBe("");
});
