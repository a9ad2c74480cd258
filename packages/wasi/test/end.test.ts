import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import { createWasi } from "../src/index.ts";
import type { Wasi, WasiExit, WasiInit } from "../src/index.ts";
import { compileGuest } from "./compile-guest.ts";
import { runGuest } from "./run-guest.ts";

const SLEEP = "sched_yield";

/** A module that calls `exit(42)` and then `wait` for ever, and catches whatever is thrown at it. */
function stubborn(exits: boolean): WebAssembly.Module {
  const preview1 = Buffer.from("wasi_snapshot_preview1");
  const importOf = (name: string, type: number): number[] => [
    preview1.length,
    ...preview1,
    name.length,
    ...Buffer.from(name),
    0,
    type,
  ];
  const section = (id: number, ...bytes: number[]): number[] => {
    const length = bytes.length;
    return [id, (length & 0x7f) | 0x80, length >> 7, ...bytes];
  };
  const mine = [3, ...Buffer.from("env"), 5, ...Buffer.from("alive"), 0, 1];
  // loop { try { alive; proc_exit(42) or sched_yield } catch_all { alive } br 0 }
  const act = exits ? [0x41, 42, 0x10, 0] : [0x10, 1, 0x1a];
  const code = [0, 0x03, 0x40, 0x06, 0x40, 0x10, 2, ...act, 0x19, 0x10, 2, 0x0b, 0x0c, 0, 0x0b, 0x0b];
  return new WebAssembly.Module(
    Uint8Array.from([
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      ...section(1, 3, 0x60, 1, 0x7f, 0, 0x60, 0, 0, 0x60, 0, 1, 0x7f),
      ...section(2, 3, ...importOf("proc_exit", 0), ...importOf(SLEEP, 2), ...mine),
      ...section(3, 1, 1),
      ...section(7, 1, 6, ...Buffer.from("_start"), 0, 3),
      ...section(10, 1, code.length, ...code),
    ]),
  );
}

function start(
  module: WebAssembly.Module,
  init: WasiInit,
  alive: () => void,
): { wasi: Wasi; exit: Promise<WasiExit> } {
  const wasi = createWasi(init);
  const instance = new WebAssembly.Instance(module, wasi.imports(module, { env: { alive } }));
  return { wasi, exit: wasi.start(instance) };
}

describe("a guest that catches everything", () => {
  it("does not outlive its proc_exit", async () => {
    let alive = 0;
    const { exit } = start(stubborn(true), {}, () => alive++);
    expect(await exit).toEqual({ kind: "exit", code: 42 });
    expect(alive).toBe(1);
  });

  it("is closed while it waits and never runs again", async () => {
    let alive = 0;
    const { wasi, exit } = start(stubborn(false), {}, () => alive++);
    wasi.close();
    expect(await exit).toEqual({ kind: "closed" });
    const then = alive;
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(alive).toBe(then);
    expect(wasi.ended).toEqual({ kind: "closed" });
  });

  it("cannot catch the unwind error that another import throws", async () => {
    const wasi = createWasi({});
    let alive = 0;
    const module = stubborn(false);
    const imports = wasi.imports(module, {
      env: {
        alive: () => {
          alive++;
          throw wasi.unwind;
        },
      },
    });
    const exit = await wasi.start(new WebAssembly.Instance(module, imports));
    expect(exit).toMatchObject({ kind: "trap", message: "unreachable" });
    expect(alive).toBe(1);
  });
});

describe("closing", () => {
  it("ends a guest that sleeps, cancels its timer, and can say how it ended", async () => {
    const timers = new Set<() => void>();
    const clock = {
      realtime: () => 0n,
      monotonic: () => 0n,
      timer: (_milliseconds: number, wake: () => void) => {
        timers.add(wake);
        return { [Symbol.dispose]: () => void timers.delete(wake) };
      },
    };
    const module = await compileGuest("wait");
    const wasi = createWasi({ args: ["wait", "forever"], clock });
    const exit = wasi.start(new WebAssembly.Instance(module, wasi.imports(module)));
    expect(timers.size).toBe(1);
    wasi.close({ kind: "exit", code: 137 });
    expect(timers.size).toBe(0);
    expect(await exit).toEqual({ kind: "exit", code: 137 });
    wasi.close();
    expect(wasi.ended).toEqual({ kind: "exit", code: 137 });
  });

  it("frees the stacks of guests that waited", async () => {
    const mappings = async (): Promise<number> =>
      (await readFile("/proc/self/maps", "utf8")).split("\n").length;
    // No memory of its own, so that only stacks are counted.
    const module = stubborn(false);
    const before = await mappings();
    for (let i = 0; i < 300; i++) {
      const { wasi, exit } = start(module, {}, () => {});
      wasi.close();
      await exit;
    }
    expect((await mappings()) - before).toBeLessThan(150);
  });

  it("by the guest's own sink, in the midst of its write, is the last thing that happens to it", async () => {
    const module = await compileGuest("hello");
    const chunks: number[] = [];
    const wasi = createWasi({
      args: ["hello"],
      stdout: {
        write(chunk) {
          chunks.push(chunk.length);
          wasi.close();
        },
      },
      stderr: { write: () => expect.unreachable() },
    });
    const exit = await wasi.start(new WebAssembly.Instance(module, wasi.imports(module)));
    expect(exit).toEqual({ kind: "closed" });
    expect(chunks).toHaveLength(1);
  });

  it("before the start means that nothing runs", async () => {
    const module = await compileGuest("hello");
    const wasi = createWasi({ stdout: { write: () => expect.unreachable() } });
    const instance = new WebAssembly.Instance(module, wasi.imports(module));
    wasi.close();
    expect(await wasi.start(instance)).toEqual({ kind: "closed" });
  });
});

describe("the gate", () => {
  it("is entered and left in turns, and a guest that waited goes on only when it is its turn", async () => {
    const events: string[] = [];
    let turn = (): void => {};
    let asked = (): void => {};
    const wasTurn = new Promise<void>((resolve) => (asked = resolve));
    const gate = {
      enter: () => void events.push("enter"),
      leave: () => void events.push("leave"),
      turn: (goOn: () => void) => {
        events.push("turn");
        turn = goOn;
        asked();
      },
    };
    const running = runGuest("wait", ["sleep", "1"], { gate });
    await wasTurn;
    expect(events).toEqual(["enter", "leave", "turn"]);
    turn();
    expect((await running).stdout).toBe("slept\n");
    expect(events).toEqual(["enter", "leave", "turn", "enter", "leave"]);
  });

  it("counts the time that the guest ran, not the time it waited", async () => {
    const module = await compileGuest("wait");
    const wasi = createWasi({ args: ["wait", "sleep", "20"] });
    await wasi.start(new WebAssembly.Instance(module, wasi.imports(module)));
    expect(wasi.cpuTime).toBeGreaterThan(0n);
    expect(wasi.cpuTime).toBeLessThan(15_000_000n);
  });
});
