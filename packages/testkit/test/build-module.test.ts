import { describe, expect, it } from "vitest";
import { buildModule, wasmCode } from "../src/index.ts";

describe("buildModule", () => {
  it("makes modules that the engine takes, with the imports and exports that were asked for", async () => {
    const bytes = buildModule({
      imports: [["env", "poke"]],
      memory: { min: 1, max: 300 },
      functions: { _start: [...wasmCode.nop, 0x10, 0x00], fail: wasmCode.unreachable },
    });
    let pokes = 0;
    const { instance } = await WebAssembly.instantiate(bytes, { env: { poke: () => pokes++ } });
    const { _start, fail, memory } = instance.exports;
    (_start as () => void)();
    expect([pokes, memory instanceof WebAssembly.Memory]).toEqual([1, true]);
    expect(fail).toThrow(WebAssembly.RuntimeError);
  });

  it("makes the empty module of nothing", () => {
    expect(WebAssembly.validate(buildModule())).toBe(true);
  });
});
