import { createWasiRuntime } from "../packages/runtime-wasi/src/index.ts";
import { moduleOf } from "./module-of.ts";
import { planOf } from "./plan-of.ts";

/** Milliseconds from the call that starts a container, its module cached, to its first output, `count` times. */
export async function measureStart(count: number): Promise<readonly number[]> {
  await using runtime = createWasiRuntime();
  const module = moduleOf("guests/hello.c");
  const times: number[] = [];
  for (let i = -50; i < count; i++) {
    const begun = performance.now();
    let took = Number.NaN;
    const container = await runtime.start(planOf(module), {
      write: () => {
        took = performance.now() - begun;
      },
    });
    const { exitCode } = await container.exited;
    if (exitCode !== 0) throw new Error(`hello ended with ${exitCode}`);
    if (i >= 0) times.push(took);
  }
  return times;
}
