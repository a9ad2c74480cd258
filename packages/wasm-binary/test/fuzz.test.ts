import { encodeComponent, encodeSection, encodeText, encodeVector } from "@krustlet/testkit";
import { isKrustletError } from "@krustlet/interface";
import { expect, it, vi } from "vitest";
import { describeWasm, parseModule, wasmKindOf } from "../src/index.ts";
import { richModule } from "./build-binary.ts";

// A loaded machine takes longer than vitest allows by default.
vi.setConfig({ testTimeout: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 0) > 0 ? 3_600_000 : 60_000 });

const runs = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 8000);
const seed = Number(process.env["KRUSTLET_FUZZ_SEED"] ?? 1);

/** Repeatable random numbers (xorshift), from 0 up to but not including `below`. */
function createRandom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const bases = [
  richModule(),
  encodeComponent(
    encodeSection(10, encodeVector([[0, ...encodeText("wasi:io/poll@0.2.0"), 5, 0]])),
    encodeSection(11, encodeVector([[0, ...encodeText("run"), 1, 0, 0]])),
  ),
];

function mutate(base: Uint8Array, random: (below: number) => number): Uint8Array<ArrayBuffer> {
  const bytes = [...base];
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length);
    const kind = random(5);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes.splice(at, 1 + random(8));
    else if (kind === 2) bytes.splice(at, 0, ...Array.from({ length: 1 + random(6) }, () => random(256)));
    else if (kind === 3) bytes.splice(at, 1, 0xff, 0xff, 0xff, 0xff, 0x0f);
    else bytes.length = Math.max(at, 1);
    if (bytes.length === 0) bytes.push(0);
  }
  return Uint8Array.from(bytes);
}

/** Reads; true when it was accepted. Anything else than `InvalidModule` fails the test. */
function accepts(bytes: Uint8Array): boolean {
  try {
    describeWasm(bytes);
    return true;
  } catch (error) {
    if (isKrustletError(error, "InvalidModule") && !error.message.includes("\n")) return false;
    throw error;
  }
}

it("answers every mutation with a description or InvalidModule, and accepts whatever V8 accepts", () => {
  const random = createRandom(seed);
  let valid = 0;
  let refused = 0;
  for (let run = 0; run < runs; run++) {
    const bytes = mutate(bases[random(8) === 0 ? 1 : 0] as Uint8Array, random);
    const accepted = accepts(bytes);
    if (!accepted) refused++;
    if (wasmKindOf(bytes) !== "module" || !WebAssembly.validate(bytes)) continue;
    valid++;
    expect(accepted, `run ${run}: V8 accepts what was refused`).toBe(true);
    const compiled = new WebAssembly.Module(bytes);
    expect(parseModule(bytes).imports.map(({ name }) => name)).toEqual(
      WebAssembly.Module.imports(compiled).map(({ name }) => name),
    );
    expect(parseModule(bytes).exports.map(({ name }) => name)).toEqual(
      WebAssembly.Module.exports(compiled).map(({ name }) => name),
    );
  }
  // The mutations must be of both sorts, or this test proves nothing.
  expect(valid).toBeGreaterThan(runs / 200);
  expect(refused).toBeGreaterThan(runs / 4);
});

it("answers random bytes behind a true header with a description or InvalidModule", () => {
  const random = createRandom(seed + 1);
  let refused = 0;
  for (let run = 0; run < runs; run++) {
    const header = (bases[run % 2] as Uint8Array).subarray(0, 8);
    const bytes = Uint8Array.from([...header, ...Array.from({ length: random(80) }, () => random(256))]);
    // Small ids and sizes get further in.
    for (let at = 8; at < bytes.length; at++) if (random(2) === 0) bytes[at] = random(14);
    if (!accepts(bytes)) refused++;
  }
  expect(refused).toBeGreaterThan(runs / 2);
});
