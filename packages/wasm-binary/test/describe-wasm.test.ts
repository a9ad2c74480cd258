import {
  encodeComponent,
  encodeCustomSection,
  encodeModule,
  encodeSection,
  encodeText,
  encodeVector,
} from "@krustlet/testkit";
import { describe, expect, it } from "vitest";
import { describeWasm, parseComponent, parseModule, wasmKindOf } from "../src/index.ts";
import { richModule } from "./build-binary.ts";

const smallComponent = encodeComponent(
  encodeCustomSection("producers", []),
  encodeSection(10, encodeVector([[0, ...encodeText("wasi:cli/exit@0.2.0"), 5, 0]])),
  encodeSection(7, [1, 0x40, 0, 1, 0]),
  encodeSection(
    10,
    encodeVector([
      [1, ...encodeText("run"), 1, 0],
      [0, ...encodeText("t"), 3, 1],
      [0, ...encodeText("m"), 0, 0x11, 2],
      [0, ...encodeText("v"), 2, 1, 0x7d],
    ]),
  ),
  encodeSection(
    11,
    encodeVector([
      [0, ...encodeText("wasi:cli/run@0.2.0"), 5, 3, 0],
      [0, ...encodeText("f"), 1, 0, 1, 1, 0],
    ]),
  ),
);

describe("wasmKindOf", () => {
  it("knows modules and components by eight bytes, and nothing else", () => {
    expect(wasmKindOf(encodeModule())).toBe("module");
    expect(wasmKindOf(encodeComponent())).toBe("component");
    expect(wasmKindOf(encodeModule().subarray(0, 7))).toBeUndefined();
    expect(wasmKindOf(Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0))).toBeUndefined();
    expect(wasmKindOf(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 2, 0))).toBeUndefined();
    expect(wasmKindOf(new TextEncoder().encode("MZ      "))).toBeUndefined();
  });
});

describe("describeWasm", () => {
  it("describes a core module with types", () => {
    expect(describeWasm(richModule())).toEqual({
      kind: "module",
      size: richModule().length,
      imports: [
        { module: "wasi_snapshot_preview1", name: "fd_write", kind: "function", type: "(i32, i64) -> f32" },
        { module: "env", name: "table", kind: "table", type: "funcref entries 2..9" },
        { module: "env", name: "memory", kind: "memory", type: "pages 1..4 shared" },
        { module: "env", name: "global", kind: "global", type: "mut i32" },
        { module: "env", name: "tag", kind: "tag", type: "() -> ()" },
        { module: "ünicode ✓", name: "", kind: "function", type: "() -> ()" },
      ],
      exports: [
        { name: "run", kind: "function", type: "() -> ()" },
        { name: "again", kind: "function", type: "(i32, i64) -> f32" },
        { name: "table", kind: "table", type: "funcref entries 2..9" },
        { name: "memory", kind: "memory", type: "pages 1..4 shared" },
        { name: "other memory", kind: "memory", type: "pages 0.." },
        { name: "global", kind: "global" },
        { name: "tag", kind: "tag", type: "() -> ()" },
      ],
      customSections: ["first", "jwt", "name", "first"],
      memories: ["pages 1..4 shared", "pages 0.."],
      functions: 2,
    });
  });

  it("describes a component by what crosses its outermost border", () => {
    expect(describeWasm(smallComponent)).toEqual({
      kind: "component",
      size: smallComponent.length,
      imports: [
        { name: "wasi:cli/exit@0.2.0", kind: "instance" },
        { name: "run", kind: "function" },
        { name: "t", kind: "type" },
        { name: "m", kind: "core module" },
        { name: "v", kind: "value" },
      ],
      exports: [
        { name: "wasi:cli/run@0.2.0", kind: "instance" },
        { name: "f", kind: "function" },
      ],
      customSections: ["producers"],
    });
  });

  it("tells a module from a component when it was given the wrong one", () => {
    expect(() => parseModule(encodeComponent())).toThrow("component, not a core module");
    expect(() => parseComponent(encodeModule())).toThrow("core WebAssembly module, not a component");
  });

  it("refuses a component whose sections lie", () => {
    expect(() => parseComponent(encodeComponent(encodeSection(10, [9, 0, 1])))).toThrow("claims 9 imports");
    expect(() => parseComponent(encodeComponent(encodeSection(11, [1, 7, 0, 0, 0, 0])))).toThrow("byte 11");
    expect(() =>
      parseComponent(encodeComponent(encodeSection(10, [1, 0, ...encodeText("x"), 9, 0]))),
    ).toThrow("no kind");
  });
});
