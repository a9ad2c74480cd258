import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  buildModule,
  compileGuest,
  encodeModule,
  encodeSection,
  encodeText,
  encodeVector,
  moduleSourceOf,
  OutputRecorder,
  planOf,
  runContainer,
  startContainer,
  useCompileCache,
  wasmCode,
} from "@krustlet/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { startEarlyThread } from "../src/early-thread.ts";
import { createWasiRuntime } from "../src/index.ts";

/** A thread that says it has started whatever it is told to start, and dies of the second thing. */
const DYING = `
  import { parentPort } from "node:worker_threads";
  const usage = { cpuMicros: 1, memoryBytes: 2 };
  let starts = 0;
  parentPort.on("message", ({ type, handle }) => {
    if (type !== "start") return;
    if (++starts === 2) throw new Error("the sky fell");
    parentPort.postMessage({ type: "started", handle, startedAt: Date.now(), ...usage });
  });
  parentPort.postMessage({ type: "ready" });
`;

/** `_start` chains garbage-collected structs without end: `local = struct.new(local)` in a loop. */
const HEAP_HOG = Buffer.from(
  [
    "0061736d01000000",
    // types: a struct of one nullable reference to itself; () -> ()
    "0109025f01630000600000",
    "03020101",
    "070a01065f73746172740000",
    "0a1301110101630003402000fb000021000c000b0b",
  ].join(""),
  "hex",
);

/** Fills a list of references with arrays of 16 MiB, less a few bytes: `list[count++] = array.new 7 4194300`, for ever. */
const FILL_WITH_ARRAYS = [
  [0, 0x41, 0xe4, 0, 0xfb, 7, 2, 0x24, 0],
  [0x03, 0x40, 0x23, 0, 0x23, 1, 0x41, 7, 0x41, 0xfc, 0xff, 0xff, 0x01, 0xfb, 6, 1, 0xfb, 0x0e, 2],
  [0x23, 1, 0x41, 1, 0x6a, 0x24, 1, 0x0c, 0, 0x0b, 0x0b],
].flat();
const ARRAY_HOG = encodeModule(
  encodeSection(
    1,
    encodeVector([
      [0x60, 0, 0],
      [0x5e, 0x7f, 1],
      [0x5e, 0x63, 1, 1],
    ]),
  ),
  encodeSection(3, encodeVector([[0]])),
  // The list, and how many it holds.
  encodeSection(
    6,
    encodeVector([
      [0x63, 2, 1, 0xd0, 2, 0x0b],
      [0x7f, 1, 0x41, 0, 0x0b],
    ]),
  ),
  encodeSection(7, encodeVector([[...encodeText("_start"), 0, 0]])),
  encodeSection(10, encodeVector([[FILL_WITH_ARRAYS.length, ...FILL_WITH_ARRAYS]])),
);

/** `_start` is the import `clock_time_get`, of which a caller without arguments can make nothing. */
const IMPORT_AS_START = encodeModule(
  encodeSection(1, encodeVector([[0x60, 3, 0x7f, 0x7e, 0x7f, 1, 0x7f]])),
  encodeSection(
    2,
    encodeVector([[...encodeText("wasi_snapshot_preview1"), ...encodeText("clock_time_get"), 0, 0]]),
  ),
  encodeSection(7, encodeVector([[...encodeText("_start"), 0, 0]])),
);

describe("threads", () => {
  beforeAll(useCompileCache);

  it("end their containers with a clear message when they die, and are replaced", async () => {
    const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(DYING)}`);
    await using runtime = createWasiRuntime({ threads: 1, workerUrl });
    const probe = await compileGuest("probe");
    for (let thread = 0; thread < 2; thread++) {
      const victim = await runtime.start(planOf(probe), new OutputRecorder());
      const culprit = runtime.start(planOf(probe), new OutputRecorder());
      await expect(culprit).rejects.toMatchObject({
        code: "StartFailed",
        retryable: true,
        message: expect.stringContaining("the sky fell") as string,
      });
      const exit = await victim.exited;
      expect([exit.exitCode, exit.reason]).toEqual([137, "Error"]);
      expect(exit.message).toMatch(/thread that ran the container ended unexpectedly: the sky fell/);
      expect(await victim.usage()).toEqual({ cpuMicros: 1, memoryBytes: 2 });
      await victim.kill();
      await victim.terminate();
    }
  });

  it("may be started before there is a runtime, which owns the first one", async () => {
    const workerUrl = new URL("../src/worker.ts", import.meta.url);
    const firstThread = startEarlyThread(workerUrl);
    const gone = new Promise((resolve) => firstThread.once("exit", resolve));
    {
      await using runtime = createWasiRuntime({ threads: 1, workerUrl, firstThread });
      const output = new OutputRecorder();
      const container = await runtime.start(planOf(await compileGuest("probe"), { args: ["probe"] }), output);
      expect(container.startedAt.getTime()).toBeGreaterThan(0);
      await container.exited;
    }
    await gone;
  });

  it("refuse to start when the file they start from is not there", async () => {
    await using runtime = createWasiRuntime({ threads: 1, workerUrl: new URL("file:///nowhere/worker.js") });
    await expect(runContainer(runtime, planOf(await compileGuest("probe")))).rejects.toMatchObject({
      code: "StartFailed",
      message: expect.stringContaining("/nowhere/worker.js") as string,
    });
  });

  it("rewrite a large module beside the ones that run", async () => {
    const directory = await mkdtemp(join(tmpdir(), "krustlet-large-"));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const path = join(directory, "large.wasm");
    const body = Array.from({ length: 300 * 1024 }, () => 0x01);
    await writeFile(path, buildModule({ functions: { _start: body }, memory: { min: 1 } }));
    await using runtime = createWasiRuntime({ threads: 1 });
    const { exit } = await runContainer(runtime, planOf(await moduleSourceOf(path)));
    expect(exit.exitCode).toBe(0);
  });

  it("end a guest that fills the JavaScript heap as OOMKilled, and nobody else", async () => {
    await using runtime = createWasiRuntime({ threads: 1 });
    const probe = await compileGuest("probe");
    const neighbour = await startContainer(runtime, planOf(probe, { args: ["probe", "sleep", "60000"] }));
    const directory = await mkdtemp(join(tmpdir(), "krustlet-heap-"));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const path = join(directory, "heap.wasm");
    await writeFile(path, HEAP_HOG);
    const { exit } = await runContainer(
      runtime,
      planOf(await moduleSourceOf(path), { resources: { memoryLimitBytes: 16 * 1024 * 1024 } }),
    );
    expect([exit.exitCode, exit.reason]).toEqual([137, "OOMKilled"]);
    expect(neighbour.output.stdout).toBe("sleeping\n");
    await neighbour.container.kill();
  });

  it("end a guest that fills the heap with large arrays, and not the process", async () => {
    const directory = await mkdtemp(join(tmpdir(), "krustlet-arrays-"));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const path = join(directory, "arrays.wasm");
    await writeFile(path, ARRAY_HOG);
    const source = await moduleSourceOf(path);
    await using runtime = createWasiRuntime({ threads: 1 });
    for (const isolated of [false, true]) {
      const plan = planOf(source, { isolated, resources: { memoryLimitBytes: 256 * 1024 * 1024 } });
      const { exit } = await runContainer(runtime, plan);
      expect([exit.exitCode, exit.reason]).toEqual([137, "OOMKilled"]);
    }
  });

  it("outlive a guest whose `_start` cannot even be called", async () => {
    await using runtime = createWasiRuntime({ threads: 1 });
    const probe = await compileGuest("probe");
    const neighbour = await startContainer(runtime, planOf(probe, { args: ["probe", "sleep", "60000"] }));
    const directory = await mkdtemp(join(tmpdir(), "krustlet-start-"));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const path = join(directory, "import-as-start.wasm");
    await writeFile(path, IMPORT_AS_START);
    const { exit } = await runContainer(runtime, planOf(await moduleSourceOf(path)));
    expect([exit.exitCode, exit.reason]).toEqual([134, "Error"]);
    await neighbour.container.kill();
    expect((await neighbour.container.exited).message).toBeUndefined();
  });

  it("of its own let a guest that listens for signals compute on until it hears the stop request", async () => {
    const directory = await mkdtemp(join(tmpdir(), "krustlet-listener-"));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const path = join(directory, "busy-listener.wasm");
    const source = join(import.meta.dirname, "guests", "busy-listener.c");
    await promisify(execFile)("clang", ["--target=wasm32-wasi", "--sysroot=/usr", "-O2", source, "-o", path]);
    await using runtime = createWasiRuntime({ threads: 1 });
    const plan = planOf(await moduleSourceOf(path), { isolated: true });
    const { container, output } = await startContainer(runtime, plan);
    await output.waitFor("computing");
    await container.terminate();
    expect((await container.exited).exitCode).toBe(42);
    expect(output.stdout).toBe("computing\ngot TERM\n");
  });

  it("run what was a start section before main, interruptibly", async () => {
    // `start` is section 8: the function that never ends.
    const module = buildModule({ functions: { _start: wasmCode.nop, forever: wasmCode.forever } });
    const at = sectionStart(module, 10);
    const bytes = Uint8Array.from([...module.subarray(0, at), 8, 1, 1, ...module.subarray(at)]);
    const directory = await mkdtemp(join(tmpdir(), "krustlet-start-"));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const path = join(directory, "start.wasm");
    await writeFile(path, bytes);
    await using runtime = createWasiRuntime({ threads: 1 });
    const source = await moduleSourceOf(path);
    for (const isolated of [false, true]) {
      const { container } = await startContainer(runtime, planOf(source, { isolated }));
      await runContainer(runtime, planOf(await compileGuest("probe")));
      await container.kill();
      expect((await container.exited).exitCode).toBe(137);
    }
  });
});

/** Where the section with `id` begins; sections of these test modules are shorter than 128 bytes. */
function sectionStart(module: Uint8Array, id: number): number {
  let at = 8;
  while (module[at] !== id) at += 2 + (module[at + 1] ?? 0);
  return at;
}
