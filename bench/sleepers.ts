// A process with as many sleeping containers as the first argument says; prints what it found as one line of JSON.
import { createWasiRuntime } from "../packages/runtime-wasi/src/index.ts";
import { moduleOf } from "./module-of.ts";
import { planOf } from "./plan-of.ts";
import type { SleepersFound } from "./measure-sleepers.ts";

const count = Number(process.argv[2] ?? 1000);
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

await using runtime = createWasiRuntime({ maxContainers: count + 1 });
const module = moduleOf("guests/sleeper.c");
const decoder = new TextDecoder();

// What a first container brings with it, its thread and its compiled module, is not counted with every one of them.
const first = await runtime.start(planOf(module, ["1"]), { write: () => undefined });
await pause(500);
await first.kill();
await pause(500);
globalThis.gc?.();
const before = process.memoryUsage.rss();

/** All sleep quietly for this long; then they wake, evenly spread over `SPREAD`. */
const QUIET = 15_000;
const SPREAD = 5_000;
const lateness: number[] = [];
let up = 0;
let allUp = (): void => undefined;
const started = new Promise<void>((resolve) => {
  allUp = resolve;
});
const begun = performance.now();
await Promise.all(
  Array.from({ length: count }, (_, i) =>
    runtime.start(planOf(module, [String(QUIET + Math.round((i * SPREAD) / count))]), {
      write: (_stream, chunk) => {
        const text = decoder.decode(chunk).trim();
        if (text !== "up") lateness.push(Number(text));
        else if (++up === count) allUp();
      },
    }),
  ),
);
await started;
const startMs = performance.now() - begun;
await pause(2000);
const rssEach = (process.memoryUsage.rss() - before) / count;
const cpu = process.cpuUsage();
const window = performance.now();
await pause(8000);
const used = process.cpuUsage(cpu);
const cpuShare = (used.user + used.system) / 1000 / (performance.now() - window);
while (lateness.length < count && performance.now() - begun < QUIET + SPREAD + 20_000) await pause(100);
const found: SleepersFound = { count, startMs, rssEach, cpuShare, lateness };
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
