import type { ContainerPlan, Runtime } from "../packages/interface/src/index.ts";
import { createWasiRuntime } from "../packages/runtime-wasi/src/index.ts";
import { moduleOf } from "./module-of.ts";
import { planOf } from "./plan-of.ts";
import { startPeer } from "./start-peer.ts";
import { median } from "./statistics.ts";

/** Each program and the size of its task: some tens to hundreds of milliseconds each. */
const PROGRAMS: readonly { readonly source: string; readonly args: readonly string[] }[] = [
  { source: "kernels/sha256.c", args: ["16"] },
  { source: "kernels/nbody.c", args: ["1000000"] },
  { source: "kernels/fib.c", args: ["37"] },
  { source: "kernels/sort.c", args: ["400000"] },
  { source: "kernels/sieve.c", args: ["20000000"] },
  { source: "kernels/compress.c", args: ["6144"] },
  { source: "kernels/machine.c", args: ["60000"] },
  { source: "programs/json.c", args: ["200"] },
  { source: "programs/raytracer.c", args: ["1200"] },
];

/** Medians of one program's times, in milliseconds. */
export interface KernelTimes {
  readonly name: string;
  /** On a thread of its own, not metered. */
  readonly isolated: number;
  /** On a shared thread, metered. */
  readonly metered: number;
  readonly wasmtime: number;
  /** wasmtime with epoch interruption on and an epoch each millisecond. */
  readonly wasmtimeEpoch: number;
}

/** What one run of a program wrote; on the standard error its time, by own-clock.h. */
interface ProgramRun {
  readonly stdout: string;
  readonly stderr: string;
}

async function runOurs(runtime: Runtime, plan: ContainerPlan): Promise<ProgramRun> {
  const written: Record<"stdout" | "stderr", Uint8Array[]> = { stdout: [], stderr: [] };
  const container = await runtime.start(plan, {
    write: (stream, chunk) => void written[stream].push(chunk),
  });
  const { exitCode, message } = await container.exited;
  if (exitCode !== 0) throw new Error(`${plan.module.path} ended with ${exitCode}: ${message}`);
  return {
    stdout: Buffer.concat(written.stdout).toString(),
    stderr: Buffer.concat(written.stderr).toString(),
  };
}

function millisOf({ stderr }: ProgramRun): number {
  const nanos = Number.parseInt(stderr, 10);
  if (!(nanos > 0)) throw new Error(`a program's own time is "${stderr}"`);
  return nanos / 1e6;
}

/** Runs every program in all four ways, one after the other in each round. */
export async function measureKernels(
  rounds: number,
  report: (name: string) => void,
): Promise<readonly KernelTimes[]> {
  await using runtime = createWasiRuntime();
  using peer = startPeer();
  const found: KernelTimes[] = [];
  for (const { source, args } of PROGRAMS) {
    const module = moduleOf(source, { timed: true });
    const plain = await peer.load(module.path, false);
    const epoch = await peer.load(module.path, true);
    const ways = {
      isolated: () => runOurs(runtime, planOf(module, args, true)),
      wasmtime: () => plain(args),
      metered: () => runOurs(runtime, planOf(module, args, false)),
      wasmtimeEpoch: () => epoch(args),
    };
    const times: Record<keyof typeof ways, number[]> = {
      isolated: [],
      metered: [],
      wasmtime: [],
      wasmtimeEpoch: [],
    };
    let expected: string | undefined;
    // Two rounds to warm up: V8 compiles in the background what turns out to be hot.
    for (let round = -2; round < rounds; round++) {
      for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
        const run = await ways[way]();
        expected ??= run.stdout;
        if (run.stdout !== expected) throw new Error(`${source}: "${expected}" but ${way} "${run.stdout}"`);
        if (round >= 0) times[way].push(millisOf(run));
      }
    }
    const name = source.replace(/^.*\/|\.c$/g, "");
    report(name);
    found.push({
      name,
      isolated: median(times.isolated),
      metered: median(times.metered),
      wasmtime: median(times.wasmtime),
      wasmtimeEpoch: median(times.wasmtimeEpoch),
    });
  }
  return found;
}
