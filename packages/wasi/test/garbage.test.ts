import { getHeapStatistics } from "node:v8";
import { describe, expect, it } from "vitest";

import { createWasi } from "../src/index.ts";
import { compileGuest } from "./compile-guest.ts";

const GUESTS = 200;
const HOUR = 3_600_000_000_000n;

// The types of Node do not know it yet.
const allocated = (): number =>
  (getHeapStatistics() as unknown as { readonly total_allocated_bytes: number }).total_allocated_bytes;

describe("a guest that sleeps", () => {
  // Each collection of garbage looks at the stacks of all guests that wait: of 5,000 of them, that takes 12 ms.
  it("leaves less than a kilobyte of garbage behind each time it wakes", async () => {
    const module = await compileGuest("wait");
    let now = 0n;
    let wakes: (() => void)[] = [];
    const timer = { [Symbol.dispose]: () => undefined };
    const clock = {
      realtime: () => now,
      monotonic: () => now,
      timer: (_milliseconds: number, wake: () => void) => {
        wakes.push(wake);
        return timer;
      },
    };
    const guests = Array.from({ length: GUESTS }, () => {
      const wasi = createWasi({ args: ["wait", "forever"], clock });
      void wasi.start(new WebAssembly.Instance(module, wasi.imports(module)));
      return wasi;
    });
    const sleepThrough = async (hours: number): Promise<void> => {
      for (let hour = 0; hour < hours; hour++) {
        const due = wakes;
        wakes = [];
        now += HOUR;
        for (const wake of due) wake();
        await new Promise(setImmediate);
        expect(wakes).toHaveLength(GUESTS);
      }
    };
    const perWake = [];
    for (let round = 0; round < 10; round++) {
      const before = allocated();
      await sleepThrough(20);
      perWake.push((allocated() - before) / (20 * GUESTS));
    }
    // Of many, because the engine allocates, too, when it compiles what it has learnt.
    expect(Math.min(...perWake)).toBeLessThan(1000);
    for (const wasi of guests) wasi.close();
  });
});
