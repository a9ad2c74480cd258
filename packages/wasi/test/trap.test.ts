import { describe, expect, it } from "vitest";

import { backtraceOf, moduleNameOf, trapOf } from "../src/trap.ts";

const STACK = `RuntimeError: unreachable
    at app.wasm.inner (wasm://wasm/app.wasm-1f2e3d4c:wasm-function[12]:0x1a2)
    at app.wasm.main.run (wasm://wasm/app.wasm-1f2e3d4c:wasm-function[3]:0x90)
    at wasm://wasm/app.wasm-1f2e3d4c:wasm-function[7]:0x44
    at file:///somewhere/host.ts:1:2`;

describe("a backtrace", () => {
  it("has the wasm frames, by their names without the module's", () => {
    expect(backtraceOf(STACK, "app.wasm")).toEqual([
      "inner (function 12, offset 0x1a2)",
      "main.run (function 3, offset 0x90)",
      "function 7 (offset 0x44)",
    ]);
    expect(backtraceOf(STACK)[0]).toBe("app.wasm.inner (function 12, offset 0x1a2)");
  });

  it("finds the module's name in the name section", () => {
    const named = [4, ...Buffer.from("name"), 0, 5, 4, ...Buffer.from("prog")];
    const module = new WebAssembly.Module(
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, named.length, ...named),
    );
    expect(moduleNameOf(module)).toBe("prog");
    expect(
      moduleNameOf(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))),
    ).toBeUndefined();
  });

  it("tells names as a terminal can bear them, and as much as anybody reads", () => {
    const frame = (name: string): string => `    at ${name} (wasm://wasm/1f2e3d4c:wasm-function[12]:0x1a2)`;
    expect(backtraceOf(frame("evil\u001b[2J\u202ename"))).toEqual([
      "evil\u{fffd}[2J\u{fffd}name (function 12, offset 0x1a2)",
    ]);
    const [long = ""] = backtraceOf(frame("x".repeat(1_000_000)));
    expect(long).toMatch(/^x{512}… \(function 12, offset 0x1a2\)$/);
  });

  it("is read in no time, however a name tries to look like a frame", () => {
    const name = " (wasm://:wasm-function[1]:".repeat(200_000);
    const [frame = ""] = backtraceOf(`    at ${name} (wasm://wasm/1f2e3d4c:wasm-function[12]:0x1a2)`);
    expect(frame).toMatch(/ \(function 12, offset 0x1a2\)$/);
  });

  it("is empty for what is no error", () => {
    expect(trapOf("thrown")).toEqual({
      kind: "trap",
      message: "uncaught exception",
      backtrace: [],
      error: "thrown",
    });
  });
});
