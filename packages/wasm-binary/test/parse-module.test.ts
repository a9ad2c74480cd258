import {
  encodeCustomSection,
  encodeModule,
  encodeSection,
  encodeText,
  encodeVector,
} from "@krustlet/testkit";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { array, assert, constant, integer, nat, oneof, property, record, string } from "fast-check";
import { isKrustletError } from "@krustlet/interface";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { functionNamesOf, parseModule, readSections } from "../src/index.ts";
import { richModule } from "./build-binary.ts";

// A loaded machine takes longer than vitest allows by default.
vi.setConfig({ testTimeout: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 0) > 0 ? 3_600_000 : 60_000 });

/** What V8 says of a module and what we say of it, in the same words. */
function expectSameAsEngine(bytes: Uint8Array<ArrayBuffer>): void {
  const compiled = new WebAssembly.Module(bytes);
  const parsed = parseModule(bytes);
  const imports = WebAssembly.Module.imports(compiled).map(({ module, name, kind }) => ({
    module,
    name,
    kind,
  }));
  const exports = WebAssembly.Module.exports(compiled).map(({ name, kind }) => ({ name, kind }));
  expect(
    parsed.imports.map((entry) => ({ module: entry.module, name: entry.name, kind: entry.type.kind })),
  ).toEqual(imports);
  expect(parsed.exports.map(({ name, kind }) => ({ name, kind }))).toEqual(exports);
  const names = new Set(parsed.sections.flatMap(({ name }) => (name === undefined ? [] : [name])));
  for (const name of names) {
    const ours = parsed.sections.filter((entry) => entry.name === name);
    const theirs = WebAssembly.Module.customSections(compiled, name);
    expect(ours.map(({ offset, end }) => [...bytes.subarray(offset, end)])).toEqual(
      theirs.map((contents) => [...new Uint8Array(contents)]),
    );
  }
}

function compileC(source: string): Uint8Array<ArrayBuffer> {
  const directory = mkdtempSync(join(tmpdir(), "krustlet-wasm-binary-"));
  try {
    const target = join(directory, "guest.wasm");
    const options = ["--target=wasm32-wasi", "--sysroot=/usr", "-O1", "-g", "-x", "c", "-", "-o", target];
    execFileSync("clang", options, { input: source });
    return Uint8Array.from(readFileSync(target));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function failureOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isKrustletError(error, "InvalidModule")) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("parseModule", () => {
  let program = new Uint8Array();
  beforeAll(() => {
    program = compileC('#include <stdio.h>\nint main(void) { return printf("%f", 1.5); }\n');
  });

  it("agrees with V8 on a module with one of nearly everything", () => {
    expectSameAsEngine(richModule());
  });

  it("agrees with V8 on a compiled C program with debug information", () => {
    expectSameAsEngine(program);
    expect([...functionNamesOf(program, readSections(program)).values()]).toContain("printf");
  });

  it("tells types, limits, counts and the start function", () => {
    const parsed = parseModule(richModule());
    expect(parsed.types).toEqual([
      { params: [], results: [] },
      { params: ["i32", "i64"], results: ["f32"] },
      undefined,
      undefined,
      { params: ["(ref func)"], results: ["v128", "externref"] },
    ]);
    expect(parsed.imports[2]?.type).toEqual({
      kind: "memory",
      limits: { minimum: 1, maximum: 4, shared: true, is64: false, pageSizeLog2: 16 },
    });
    expect(parsed).toMatchObject({ start: 2, codeCount: 2, dataCount: 1, elementCount: 1, tableCount: 1 });
    expect(functionNamesOf(richModule(), parsed.sections)).toEqual(new Map([[2, "main"]]));
  });

  it("finds every section where it was put, whatever is in it", () => {
    const contents = array(nat(255), { maxLength: 200 });
    const entry = oneof(
      record({ id: constant(0), name: string({ unit: "grapheme" }), contents }),
      record({ id: integer({ min: 1, max: 13 }), contents }),
    );
    assert(
      property(array(entry), (entries) => {
        const bytes = encodeModule(
          ...entries.map((given) =>
            "name" in given
              ? encodeCustomSection(given.name, given.contents)
              : encodeSection(given.id, given.contents),
          ),
        );
        const found = readSections(bytes).map(({ id, name, offset, end }) => ({
          id,
          ...(name === undefined ? {} : { name }),
          contents: [...bytes.subarray(offset, end)],
        }));
        expect(found).toEqual(entries);
      }),
      { seed: 1 },
    );
  });

  it("says where a binary is broken", () => {
    expect(failureOf(() => parseModule(new Uint8Array(3)))).toMatch(/3 bytes/);
    expect(failureOf(() => parseModule(new TextEncoder().encode("#!/bin/sh\n")))).toMatch(/not begin with/);
    expect(
      failureOf(() => parseModule(encodeModule(encodeSection(1, encodeVector([[0x60, 0, 0]])).slice(0, 4)))),
    ).toMatch(/byte 10/);
    expect(failureOf(() => parseModule(encodeModule([2, 0x80, 0x80, 0x80, 0x80, 0x10])))).toMatch(
      /byte 9: .*too large/,
    );
    expect(failureOf(() => parseModule(encodeModule([2, 0x80, 0x80, 0x80, 0x80, 0x80, 1])))).toMatch(
      /byte 9: /,
    );
    expect(failureOf(() => parseModule(encodeModule(encodeSection(14, []))))).toMatch(
      /section 14 is unknown/,
    );
  });

  it("refuses sections that come twice or out of order, as every engine does", () => {
    const memory = encodeSection(5, encodeVector([[0, 1]]));
    const types = encodeSection(1, [0]);
    expect(failureOf(() => parseModule(encodeModule(memory, memory)))).toMatch(/section 5 is there twice/);
    expect(failureOf(() => parseModule(encodeModule(memory, types)))).toMatch(/section 1 is out of order/);
    expect(failureOf(() => parseModule(encodeModule(types, [...types.slice(0, 1), 2, 0, 0])))).toMatch(
      /twice/,
    );
  });

  it("does not believe counts and sizes", () => {
    const four = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const id of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13]) {
      expect(failureOf(() => parseModule(encodeModule(encodeSection(id, four))))).toMatch(
        /claims 4294967295/,
      );
    }
    expect(failureOf(() => parseModule(encodeModule([1, ...four])))).toMatch(/claims 4294967295 bytes/);
    const lyingName = encodeSection(2, [1, ...four]);
    expect(failureOf(() => parseModule(encodeModule(lyingName)))).toMatch(/claims 4294967295 bytes/);
  });

  it("refuses names that are not UTF-8, and leaves a broken name section out", () => {
    expect(failureOf(() => parseModule(encodeModule(encodeSection(7, [1, 2, 0xc3, 0x28, 0, 0]))))).toMatch(
      /not UTF-8/,
    );
    const bytes = encodeModule(encodeCustomSection("name", [1, 20, 2, 0, ...encodeText("good"), 1, 99]));
    expect(functionNamesOf(bytes, readSections(bytes))).toEqual(new Map());
    const partly = encodeModule(encodeCustomSection("name", [1, 9, 2, 0, ...encodeText("good"), 1, 99]));
    expect(functionNamesOf(partly, readSections(partly))).toEqual(new Map([[0, "good"]]));
  });
});
