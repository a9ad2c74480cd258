import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { buildMountTree, createWasi } from "../src/index.ts";
import type { ByteSource } from "../src/index.ts";
import { compileGuest } from "./compile-guest.ts";
import { runGuest, textSource } from "./run-guest.ts";

function lateSource(): { source: ByteSource; come: (text: string) => void } {
  let come = (_text: string): void => {};
  const chunk = new Promise<Uint8Array>((resolve) => (come = (text) => resolve(Buffer.from(text))));
  let first = true;
  return {
    source: {
      read() {
        if (!first) return new Uint8Array();
        first = false;
        return chunk;
      },
    },
    come: (text) => come(text),
  };
}

describe("sleeping", () => {
  it.each(["0.01", "1", "2.7", "12"])("for %s ms is never too short", async (time) => {
    expect((await runGuest("wait", ["sleep", time])).stdout).toBe("slept\n");
  });

  it("of many guests goes on at the same time on one thread", async () => {
    const guests = Array.from({ length: 50 }, () => runGuest("wait", ["sleep", "5"]));
    const outputs = (await Promise.all(guests)).map(({ stdout }) => stdout);
    expect(outputs).toEqual(Array.from({ length: 50 }, () => "slept\n"));
  });
});

describe("a timer that is early", () => {
  it("is set again for the rest, and the guest sleeps on until its time has come", async () => {
    const module = await compileGuest("wait");
    const waits: number[] = [];
    let now = 0n;
    let turns = 0;
    const wasi = createWasi({
      args: ["wait", "sleep", "10"],
      clock: {
        realtime: () => now,
        monotonic: () => now,
        timer: (milliseconds, wake) => {
          waits.push(milliseconds);
          // Half a millisecond early, then late by as much.
          now += BigInt(milliseconds) * 1_000_000n + (waits.length === 1 ? -500_000n : 500_000n);
          return setImmediate(wake);
        },
      },
      gate: { enter: () => undefined, leave: () => undefined, turn: (goOn) => (turns++, goOn()) },
    });
    expect(await wasi.start(new WebAssembly.Instance(module, wasi.imports(module)))).toEqual({
      kind: "exit",
      code: 0,
    });
    expect(waits).toEqual([10, 1]);
    expect(turns).toBe(1);
  });
});

describe("poll on stdin", () => {
  it("times out while nothing comes", async () => {
    expect((await runGuest("wait", ["poll", "2"], { stdin: lateSource().source })).stdout).toBe("timeout\n");
  });

  it("wakes when bytes come, without losing them", async () => {
    const { source, come } = lateSource();
    const running = runGuest("wait", ["poll", "-1"], { stdin: source });
    await new Promise(setImmediate);
    come("abc");
    expect((await running).stdout).toBe("ready abc\n");
  });

  it("is ready at once where there is something, and at the end of the file", async () => {
    expect((await runGuest("wait", ["poll", "1000"], { stdin: textSource("xyz") })).stdout).toBe(
      "ready xyz\n",
    );
    expect((await runGuest("wait", ["poll", "1000"])).stdout).toMatch(/^ready (hangup )?\n$/);
  });

  it("without waiting, again and again, still lets the bytes come", async () => {
    const { source, come } = lateSource();
    const running = runGuest("wait", ["spin"], { stdin: source });
    setImmediate(() => come("x"));
    expect((await running).stdout).toBe("came\n");
  });
});

describe("the signals file", () => {
  it("tells a guest that has opened it to stop", async () => {
    const module = await compileGuest("signals");
    const out: string[] = [];
    const wasi = createWasi({
      preopens: [{ guestPath: "/", node: buildMountTree([]) }],
      stdout: { write: (chunk) => void out.push(Buffer.from(chunk).toString()) },
    });
    expect(wasi.terminate()).toBe(false);
    const exit = wasi.start(new WebAssembly.Instance(module, wasi.imports(module)));
    await nextTurn();
    expect(out).toEqual(["waiting\n"]);
    expect(wasi.terminate()).toBe(true);
    expect(await exit).toEqual({ kind: "exit", code: 0 });
    expect(out.join("")).toBe("waiting\ngot TERM\n");
    expect(wasi.terminate()).toBe(false);
  });

  it("is not heard by a guest that never opened it", async () => {
    const module = await compileGuest("wait");
    const wasi = createWasi({
      args: ["wait", "forever"],
      preopens: [{ guestPath: "/", node: buildMountTree([]) }],
    });
    const exit = wasi.start(new WebAssembly.Instance(module, wasi.imports(module)));
    expect(wasi.terminate()).toBe(false);
    wasi.close();
    await exit;
  });
});
