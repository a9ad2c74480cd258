import { isKrustletError } from "@krustlet/interface";
import { describe, expect, it } from "vitest";

import { byteSourceOf, createWasi, runModule } from "../src/index.ts";
import { compileGuest } from "./compile-guest.ts";
import { runGuest, textSource } from "./run-guest.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error: unknown) => (isKrustletError(error) ? `${error.code}: ${error.message}` : String(error)),
  );
}

describe("a C program", () => {
  it("has its arguments, environment and streams, and ends with its own exit code", async () => {
    const run = await runGuest("hello", ["a b", "ü"], {
      env: { WHO: "world" },
      stdin: textSource("one\ntwo\n"),
    });
    expect(run).toEqual({
      exit: { kind: "exit", code: 7 },
      stdout: "[hello][a b][ü] hello world\nread one\nread two\n",
      stderr: "done\n",
    });
  });

  it("cannot be given texts with a NUL, and what a variable or an argument holds is not told: it may be a secret", async () => {
    const args = runGuest("hello", ["a", "hunter2\0"]);
    expect(await codeOf(args)).toBe("InvalidField: argument 2 (0 is the command) holds a NUL character");
    const env = runGuest("hello", [], { env: { PASSWORD: "hunter2\0" } });
    expect(await codeOf(env)).toBe('InvalidField: the environment variable "PASSWORD" holds a NUL character');
  });

  it("has nothing that it was not given", async () => {
    expect((await runGuest("hello", [])).stdout).toBe("[hello] hello nobody\n");
  });

  it("reads a stream that comes in pieces and late", async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("on");
      await new Promise(setImmediate);
      yield new Uint8Array();
      yield Buffer.from(`e\n${"x".repeat(100)}\n`);
    }
    const run = await runGuest("hello", [], { stdin: byteSourceOf(pieces()) });
    expect(run.stdout).toContain("read one\n");
    expect(run.stdout.replaceAll(/[^x]/g, "")).toHaveLength(100);
  });

  it("waits in its write while the sink is not ready for more", async () => {
    let release = (): void => {};
    const events: string[] = [];
    const running = runModule(await compileGuest("hello"), {
      args: ["hello"],
      stdout: {
        write(chunk) {
          events.push(`stdout ${chunk.length}`);
          return new Promise((resolve) => (release = resolve));
        },
      },
      stderr: { write: () => void events.push("stderr") },
    });
    await new Promise(setImmediate);
    expect(events).toEqual(["stdout 21"]);
    release();
    expect(await running).toEqual({ kind: "exit", code: 7 });
    expect(events).toEqual(["stdout 21", "stderr"]);
  });

  it("is told EPIPE when its stdout is closed", async () => {
    const closed = { write: () => Promise.reject(Object.assign(new Error("closed"), { code: "EPIPE" })) };
    const { exit } = await runGuest("hello", [], { stdout: closed });
    expect(exit).toEqual({ kind: "exit", code: 7 });
  });
});

describe("a trap", () => {
  it("tells what happened and where, by function name", async () => {
    const { exit, stdout } = await runGuest("trap", []);
    expect(stdout).toBe("before\n");
    expect(exit).toMatchObject({ kind: "trap", message: "divide by zero" });
    const backtrace = exit.kind === "trap" ? exit.backtrace : [];
    expect(backtrace[0]).toMatch(/divide_by \(function \d+, offset 0x[0-9a-f]+\)$/);
    expect(backtrace.join("\n")).toMatch(/main/);
  });

  it("of a full stack ends the guest, not the host", async () => {
    const { exit } = await runGuest("trap", ["deep"]);
    expect(exit.kind).toBe("trap");
  });

  it("of abort is unreachable", async () => {
    expect((await runGuest("trap", ["abort"])).exit).toMatchObject({ kind: "trap", message: "unreachable" });
  });
});

describe("what is no command", () => {
  it("is refused with a sentence that says why", async () => {
    expect(await codeOf(runModule(Buffer.from("#!/bin/sh\n"), {}))).toMatch(
      /^InvalidModule: .*no valid WebAssembly/,
    );
    const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
    expect(await codeOf(runModule(component, {}))).toMatch(/^UnsupportedModule: .*component/);
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    expect(await codeOf(runModule(empty, {}))).toMatch(/^InvalidModule: .*"_start"/);
  });

  it("is refused when it imports what this host does not have, and the import is named", () => {
    // One import of a function without parameters, of module `wasi:http` and name `handle`.
    const names = [...Buffer.from("\x09wasi:http\x06handle")];
    const section = [1, ...names, 0, 0];
    const bytes = Uint8Array.of(
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      1,
      4,
      1,
      0x60,
      0,
      0,
      2,
      section.length,
      ...section,
    );
    const module = new WebAssembly.Module(bytes);
    expect(() => createWasi({}).imports(module)).toThrow(/"wasi:http\.handle".*WASI 0\.2/);
    const given = createWasi({}).imports(module, { "wasi:http": { handle: () => {} } });
    expect(Object.keys(given)).toEqual(["wasi:http"]);
  });
});
