import { encodeCustomSection, encodeLeb, encodeModule, encodeText, encodeVector } from "@krustlet/testkit";
import { isKrustletError } from "@krustlet/interface";
import { functionNamesOf, parseModule, readSections } from "@krustlet/wasm-binary";
import { describe, expect, it, vi } from "vitest";
import { limitModule } from "../../src/meter/limit-module.ts";
import { meterModule } from "../../src/meter/meter-module.ts";
import { build, exported } from "./build-binary.ts";
import type { TestModule } from "./build-binary.ts";
import { hintsOf } from "./hints-of.ts";
import { instantiateMetered } from "./run-guest.ts";

// A loaded machine takes longer than vitest allows by default.
vi.setConfig({ testTimeout: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 0) > 0 ? 3_600_000 : 60_000 });

type Run = (...values: (number | bigint)[]) => number;

const nothing = [0x60, 0, 0];
const three = [0x60, 3, 0x7f, 0x7f, 0x7f, 0];
const grow = [0x60, 1, 0x7f, 1, 0x7f];
const memoryExport = [...encodeText("memory"), 2, 0];

function instantiate(
  bytes: Uint8Array<ArrayBuffer>,
  onYield: () => void = () => undefined,
  maxPages?: number,
) {
  expect(WebAssembly.validate(bytes)).toBe(true);
  const metered = meterModule(bytes);
  const compiled = new WebAssembly.Module(metered.bytes);
  return { metered, ...instantiateMetered(metered, compiled, {}, onYield, maxPages) };
}

function refusal(bytes: Uint8Array, rewrite: (bytes: Uint8Array) => unknown = meterModule): string {
  try {
    rewrite(bytes);
  } catch (error) {
    if (isKrustletError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

function messageOf(run: () => unknown): string {
  try {
    run();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

function memoryProgram(
  code: readonly number[],
  type = three,
  memory: readonly number[] = [0, 100],
): TestModule {
  return {
    types: [type],
    functions: [{ type: 0, code }],
    memories: [memory],
    exports: [exported("run", 0), memoryExport],
  };
}

const arguments3 = [0x20, 0, 0x20, 1, 0x20, 2];

describe("meterModule", () => {
  it("hands the memory to the host, which may make it smaller, and counts refused growth", () => {
    const code = [0x20, 0, 0x40, 0];
    const { metered, exports, memory } = instantiate(
      build({ ...memoryProgram(code, grow, [1, 1, 100]) }),
      undefined,
      3,
    );
    expect(metered.memory).toEqual({
      importModule: "krustlet",
      importName: "memory",
      minPages: 1,
      maxPages: 100,
      is64: false,
    });
    const run = exports["run"] as Run;
    const refused = exports[metered.growRefused as string] as WebAssembly.Global;
    expect([run(0), run(1), run(1), refused.value]).toEqual([1, 1, 2, 0]);
    expect([run(1), run(5), run(0), refused.value]).toEqual([-1, -1, 3, 2]);
    expect(exports["memory"]).toBe(memory);
  });

  it("leaves an imported memory where it is", () => {
    const bytes = build({
      types: [nothing],
      imports: [[...encodeText("env"), ...encodeText("m"), 2, 0, 7]],
      functions: [{ type: 0, code: [0x03, 0x40, 0x0b] }],
      exports: [memoryExport],
    });
    const { metered, exports, memory } = instantiate(bytes);
    expect(metered.memory).toEqual({ importModule: "env", importName: "m", minPages: 7, is64: false });
    expect(exports["memory"]).toBe(memory);
  });

  it("works without memory, and for a module of nothing", () => {
    expect(instantiate(encodeModule()).metered.memory).toBeUndefined();
    let yields = 0;
    // Fifty rounds of a small loop, of which every eighth passes a check.
    const code = [0x41, 50, 0x21, 0, 0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b];
    const loop = { types: [nothing], functions: [{ type: 0, locals: [0x7f], code }] };
    const { exports, flag } = instantiate(build({ ...loop, exports: [exported("run", 0)] }), () => yields++);
    flag[0] = 1;
    (exports["run"] as Run)();
    expect(yields).toBe(7);
  });

  it("meters a memory with 64-bit addresses", () => {
    const type = [0x60, 3, 0x7e, 0x7f, 0x7e, 1, 0x7e];
    const code = [...arguments3, 0xfc, 0x0b, 0, 0x42, 1, 0x40, 0];
    let yields = 0;
    const bytes = build(memoryProgram(code, type, [5, 48, 48]));
    const { metered, exports, memory, flag } = instantiate(bytes, () => yields++);
    flag[0] = 1;
    expect(metered.memory).toMatchObject({ is64: true, minPages: 48, maxPages: 48 });
    expect((exports["run"] as Run)(5n, 9, 3_000_000n)).toBe(-1n);
    const contents = new Uint8Array((memory as WebAssembly.Memory).buffer);
    expect([contents[4], contents[5], contents[3_000_004], contents[3_000_005]]).toEqual([0, 9, 9, 0]);
    expect(yields).toBeGreaterThan(2);
    expect(() => (exports["run"] as Run)(-1n, 9, 3_000_000n)).toThrow("out of bounds");
  });

  it("makes an export of the start function", () => {
    const bytes = build({
      types: [nothing],
      globals: [[0x7f, 1, 0x41, 0, 0x0b]],
      functions: [{ type: 0, code: [0x41, 5, 0x24, 0] }],
      exports: [
        [...encodeText("g"), 3, 0],
        [...encodeText("krustlet.start"), 3, 0],
      ],
      start: 0,
    });
    const { metered, exports } = instantiate(bytes);
    const global = exports["g"] as WebAssembly.Global;
    expect(metered.startExport).toBe("krustlet.start1");
    expect(global.value).toBe(0);
    (exports[metered.startExport as string] as Run)();
    expect(global.value).toBe(5);
  });

  it("uses no name that the module uses", () => {
    const bytes = build({
      types: [nothing],
      imports: [
        [...encodeText("krustlet"), ...encodeText("epoch"), 0, 0],
        [...encodeText("krustlet1"), ...encodeText("epoch"), 0, 0],
      ],
      functions: [],
      exports: [exported("krustlet.yield", 0)],
    });
    expect(meterModule(bytes)).toMatchObject({ importModule: "krustlet2", yieldTable: "krustlet.yield1" });
  });

  it("reads its flag at the offset that was asked for", () => {
    const bytes = build({
      types: [nothing],
      functions: [{ type: 0, code: [0x41, 0, 0x04, 0x40, 0x10, 0, 0x0b, 0x03, 0x40, 0x0b] }],
      exports: [exported("run", 0)],
    });
    const metered = meterModule(bytes, { epochOffset: 65_532 });
    let yields = 0;
    const { exports, flag } = instantiateMetered(
      metered,
      new WebAssembly.Module(metered.bytes),
      {},
      () => yields++,
    );
    const page = new Int32Array(flag.buffer);
    page.fill(1, 0, page.length - 1);
    (exports["run"] as Run)();
    expect(yields).toBe(0);
    page.fill(0);
    page[page.length - 1] = 1;
    (exports["run"] as Run)();
    expect(yields).toBe(1);
    for (const epochOffset of [-4, 2, 65_536, 0.5]) {
      expect(() => meterModule(bytes, { epochOffset })).toThrow(RangeError);
    }
  });

  it("fills and copies in chunks with checks, as the instructions do", () => {
    const size = 40 * 65_536;
    const pattern = Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 0xff);
    let yields = 0;
    const fill = instantiate(
      build(memoryProgram([...arguments3, 0xfc, 0x0b, 0], three, [0, 40])),
      () => yields++,
    );
    const copy = instantiate(
      build(memoryProgram([...arguments3, 0xfc, 0x0a, 0, 0], three, [0, 40])),
      () => yields++,
    );
    fill.flag[0] = 1;
    copy.flag[0] = 1;
    const mega = 1 << 20;
    const places = [0, 1, 4095, 4096, 4097, mega, mega + 1, 2 * mega + 5, size - 1, size];
    for (const length of places) {
      for (const [to, from] of [
        [0, 0],
        [0, 10],
        [10, 0],
        [2 * mega, 0],
        [0, mega + 3],
        [size - length, 0],
      ] as const) {
        const expected = pattern.slice();
        const isFine = to + length <= size && from + length <= size;
        if (isFine) expected.copyWithin(to, from, from + length);
        const contents = new Uint8Array((copy.memory as WebAssembly.Memory).buffer);
        contents.set(pattern);
        const run = (): unknown => (copy.exports["run"] as Run)(to, from, length);
        expect(messageOf(run)).toBe(isFine ? "" : "memory access out of bounds");
        expect(Buffer.compare(contents, expected), `copy ${length} from ${from} to ${to}`).toBe(0);
      }
      const contents = new Uint8Array((fill.memory as WebAssembly.Memory).buffer);
      contents.set(pattern);
      (fill.exports["run"] as Run)(size - length, 0x1ab, length);
      expect(Buffer.compare(contents, pattern.slice().fill(0xab, size - length))).toBe(0);
      expect(() => (fill.exports["run"] as Run)(size - length + 1, 1, length)).toThrow("out of bounds");
      expect(contents[size - 1]).toBe(length > 0 ? 0xab : pattern[size - 1]);
    }
    expect(yields).toBeGreaterThan(50);
  });

  it("keeps names, so that backtraces read as before, and names what it appends", () => {
    const names = encodeCustomSection("name", [
      1,
      ...encodeLeb(13),
      ...encodeVector([
        [0, ...encodeText("inner")],
        [1, ...encodeText("run")],
      ]),
    ]);
    const bytes = build({
      ...memoryProgram([...arguments3, 0xfc, 0x0b, 0]),
      functions: [
        { type: 0, code: [...arguments3, 0xfc, 0x0b, 0] },
        { type: 0, code: [0x03, 0x40, ...arguments3, 0x10, 0, 0x0b] },
      ],
      exports: [exported("run", 1)],
      last: names,
    });
    const { exports } = instantiate(bytes);
    const trace = (): string => {
      try {
        (exports["run"] as Run)(-1, 0, 10_000);
      } catch (error) {
        return (error as Error).stack ?? "";
      }
      return "";
    };
    expect(trace().match(/at [\w.]+ \(wasm/g)).toEqual([
      "at memory.fill (wasm",
      "at inner (wasm",
      "at run (wasm",
    ]);
    const limited = limitModule(bytes, 200).bytes;
    expect([...functionNamesOf(limited, readSections(limited)).values()]).toEqual(["inner", "run"]);
  });

  it("moves the module's own branch hints along, and leaves out hints that are broken", () => {
    const condition = [0x41, 0, 0x04, 0x40, 0x0b];
    const code = [0x03, 0x40, ...condition, 0x41, 0, 0x0d, 0, 0x0b, ...condition];
    const program = {
      types: [nothing],
      functions: [
        { type: 0, code },
        { type: 0, code: condition },
      ],
    };
    // Offsets from the locals (one byte): if at 5, br_if at 10, if at 15; in the second function if at 3.
    const hints = [
      [0, 3, 5, 1, 1, 10, 1, 1, 15, 1, 0],
      [1, 1, 3, 1, 1],
    ];
    const good = encodeCustomSection("metadata.code.branch_hint", encodeVector(hints));
    const metered = meterModule(build({ ...program, beforeCode: good })).bytes;
    expect(WebAssembly.validate(metered)).toBe(true);
    expect(
      hintsOf(metered, 0).map(({ functionIndex, opcode, value }) => [functionIndex, opcode, value]),
    ).toEqual([
      [0, 0x04, 0],
      // Once in each copy of the loop's body.
      ...Array.from({ length: 8 }, () => [
        [0, 0x04, 1],
        [0, 0x0d, 1],
      ]).flat(),
      [0, 0x04, 0],
      [1, 0x04, 1],
    ]);
    for (const broken of [
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [1, 0, 2, 5, 1, 1, 5, 1, 1],
      [1, 0, 1, 5, 2, 0, 0],
    ]) {
      const bytes = build({
        ...program,
        beforeCode: encodeCustomSection("metadata.code.branch_hint", broken),
      });
      expect(hintsOf(meterModule(bytes).bytes, 0)).toEqual([{ functionIndex: 0, opcode: 0x04, value: 0 }]);
    }
  });

  it("drops custom sections other than names, and what tells of Go", () => {
    const bytes = build({
      types: [nothing],
      functions: [],
      last: [
        ...encodeCustomSection(".debug_info", [1]),
        ...encodeCustomSection("go:buildid", [1, 2]),
        ...encodeCustomSection("sourceMappingURL", [1]),
      ],
    });
    const left = readSections(meterModule(bytes).bytes).flatMap(({ name }) =>
      name === undefined ? [] : [name],
    );
    expect(left).toEqual(["go:buildid", "name"]);
  });

  it("bounds what tables take of the heap that guests share", () => {
    const growTable = {
      types: [grow],
      functions: [{ type: 0, code: [0xd0, 0x70, 0x20, 0, 0xfc, 0x0f, 0] }],
      exports: [exported("run", 0)],
    };
    const { exports } = instantiate(
      build({
        ...growTable,
        tables: [
          [0x70, 0, 10],
          [0x40, 0, 0x70, 1, 2, 3, 0xd0, 0x70, 0x0b],
        ],
      }),
    );
    const run = exports["run"] as Run;
    expect([run(400_000), run(100_000)]).toEqual([10, -1]);
    const large = build({
      ...growTable,
      tables: [
        [0x70, 0, 0x80, 0x89, 0x7a],
        [0x70, 0, 1],
      ],
    });
    expect(refusal(large)).toMatch(/^UnsupportedModule: Table 0 begins with 2000000 entries/);
  });

  it("refuses what it cannot bound, with a sentence", () => {
    const functions = [{ type: 0, code: [] }];
    const types = [nothing];
    expect(
      refusal(
        build({
          types,
          functions,
          memories: [
            [0, 1],
            [0, 1],
          ],
        }),
      ),
    ).toMatch(/^UnsupportedModule: .*2 memories/);
    expect(refusal(build({ types, functions, memories: [[3, 1, 2]] }))).toMatch(
      /^UnsupportedModule: .*threads/,
    );
    const twice = {
      types,
      functions,
      memories: [[0, 1]],
      imports: [[...encodeText("a"), ...encodeText("b"), 2, 0, 1]],
    };
    expect(refusal(build(twice))).toMatch(/^UnsupportedModule: .*2 memories/);
    expect(refusal(Uint8Array.of(1, 2, 3))).toMatch(/^InvalidModule: /);
  });

  it("tells which modules can fill the JavaScript heap", () => {
    const allocates = (parts: Partial<TestModule>): boolean =>
      meterModule(build({ types: [nothing], functions: [], ...parts })).allocatesOnHostHeap;
    const struct = [0x5f, 0];
    expect(allocates({ functions: [{ type: 0, code: [0x41, 1, 0x1a] }] })).toBe(false);
    expect(allocates({ types: [nothing, struct], functions: [{ type: 0, code: [0xfb, 1, 1, 0x1a] }] })).toBe(
      true,
    );
    expect(allocates({ types: [nothing, [0x60, 1, 0x7f, 0]], tags: [[0, 1]] })).toBe(false);
    expect(allocates({ types: [nothing, [0x60, 1, 0x69, 0]], tags: [[0, 1]] })).toBe(true);
    expect(
      allocates({
        tables: [
          [0x70, 0, 1],
          [0x6f, 0, 1],
        ],
      }),
    ).toBe(false);
    expect(
      allocates({
        tables: [
          [0x70, 0, 1],
          [0x40, 0, 0x69, 0, 1, 0xd0, 0x69, 0x0b],
        ],
      }),
    ).toBe(true);
    expect(
      allocates({
        globals: [
          [0x7c, 0, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b],
          [0x69, 1, 0xd0, 0x69, 0x0b],
        ],
      }),
    ).toBe(true);
  });

  it("ends with an error or a module for bytes that are no valid module", () => {
    const base = build({
      ...memoryProgram([0x03, 0x40, ...arguments3, 0xfc, 0x0a, 0, 0, 0x10, 0, 0x0b, 0x41, 5, 0x0e, 1, 0, 0]),
      tables: [[0x70, 0, 2]],
      last: encodeCustomSection("name", [1, 6, 1, 0, ...encodeText("run")]),
    });
    let state = 12_345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    let refused = 0;
    const runs = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 1500);
    for (let run = 0; run < runs; run++) {
      const bytes = base.slice();
      for (let change = random(4); change >= 0; change--) bytes[8 + random(bytes.length - 8)] = random(256);
      const isRefused = refusal(bytes) !== "accepted";
      if (isRefused) refused++;
      const isWrong =
        WebAssembly.validate(bytes) && !isRefused && !WebAssembly.validate(meterModule(bytes).bytes);
      expect(isWrong, `run ${run}`).toBe(false);
    }
    expect(refused).toBeGreaterThan(runs / 4);
  });
});

describe("limitModule", () => {
  it("lowers a memory's maximum, counts refused growth, and changes nothing else", () => {
    const bytes = build({
      ...memoryProgram([0x20, 0, 0x40, 0], grow, [0, 1]),
      last: encodeCustomSection("jwt", [1]),
    });
    const limited = limitModule(bytes, 3);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(limited.bytes));
    const run = exports["run"] as Run;
    expect([run(2), run(1), run(0)]).toEqual([1, -1, 3]);
    expect((exports[limited.growRefused as string] as WebAssembly.Global).value).toBe(1);
    expect(limited.memory).toBeUndefined();
  });

  it("never raises a maximum, and leaves a module without memory alone", () => {
    const memory = build({ ...memoryProgram([], three, [1, 1, 2]) });
    expect(parseModule(limitModule(memory, 9).bytes).memories[0]).toMatchObject({ minimum: 1, maximum: 2 });
    const none = build({ types: [nothing], functions: [] });
    expect(limitModule(none, 9)).toEqual({ bytes: none });
  });

  it("says so when a module needs more at the start", () => {
    const bytes = build({ ...memoryProgram([], three, [0, 4]) });
    expect(refusal(bytes, (given) => limitModule(given, 3))).toBe(
      "StartFailed: The module begins with 4 pages of memory (64 KiB each), and its limit is 3.",
    );
  });

  it("tells the host of a memory that is imported", () => {
    const imports = [[...encodeText("env"), ...encodeText("m"), 2, 1, 1, 8]];
    const bytes = build({ types: [nothing], imports, functions: [{ type: 0, code: [] }] });
    expect(limitModule(bytes, 3).memory).toEqual({
      importModule: "env",
      importName: "m",
      minPages: 1,
      maxPages: 8,
      is64: false,
    });
  });
});
