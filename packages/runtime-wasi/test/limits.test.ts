import { setFlagsFromString } from "node:v8";
import { compileGuest, planOf, runContainer, startContainer, useCompileCache } from "@krustlet/testkit";
import type { ContainerPlan, ModuleSource, Runtime } from "@krustlet/interface";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capacityOf } from "../src/capacity.ts";
import { createWasiRuntime } from "../src/index.ts";
import { pagesOf, planMemory } from "../src/thread/memory-limit.ts";

describe("capacityOf", () => {
  it("keeps well below what a process can carry, by whichever bound is lower", () => {
    expect(capacityOf().containers).toBe(9_229);
    expect(capacityOf(1_000_000).containers).toBe(12_270);
    expect(capacityOf(3_000).containers).toBe(0);
    expect(capacityOf(20_000).because).toContain("vm.max_map_count is 20000");
  });
});

describe("planMemory", () => {
  it("lowers a maximum and never raises it", () => {
    expect(planMemory({ minPages: 2, maxPages: 100 }, 10)).toEqual({ initial: 2, maximum: 10 });
    expect(planMemory({ minPages: 2, maxPages: 5 }, 10)).toEqual({ initial: 2, maximum: 5 });
    expect(planMemory({ minPages: 2 }, pagesOf(Infinity))).toEqual({ initial: 2, maximum: 65_536 });
    expect(planMemory({ minPages: 2 }, pagesOf(2 * 65_536 - 1))).toBeUndefined();
  });
});

describe("limits of a runtime", () => {
  let probe: ModuleSource | undefined;
  let runtime: Runtime | undefined;
  beforeAll(async () => {
    useCompileCache();
    probe = await compileGuest("probe");
    runtime = createWasiRuntime({ threads: 1, maxContainers: 3 });
  });
  afterAll(async () => {
    await runtime?.[Symbol.asyncDispose]();
  });
  const plan = (args: readonly string[], changes: Partial<ContainerPlan> = {}): ContainerPlan => {
    if (probe === undefined) throw new TypeError("the guest is compiled first");
    return planOf(probe, { args: ["probe", ...args], ...changes });
  };
  const running = (): Runtime => {
    if (runtime === undefined) throw new TypeError("the runtime is made first");
    return runtime;
  };

  it("gives the memory of guests that have ended back when it is asked to", async () => {
    const MIB = 2 ** 20;
    setFlagsFromString("--expose-gc");
    await using own = createWasiRuntime({ threads: 1 });
    expect((await runContainer(own, plan(["hello"]))).exit.exitCode).toBe(0);
    const resources = { memoryLimitBytes: 256 * MIB };
    expect((await runContainer(own, plan(["hog"], { resources }))).exit.reason).toBe("OOMKilled");
    const most = process.memoryUsage().rss;
    await Promise.all([own.releaseMemory?.(), own.releaseMemory?.()]);
    expect(most - process.memoryUsage().rss).toBeGreaterThan(128 * MIB);
    expect((await runContainer(own, plan(["hello"]))).exit.exitCode).toBe(0);
  });

  it("refuses one container too many with the numbers, and takes the next after one has ended", async () => {
    const sleepers = [];
    for (let index = 0; index < 3; index++) {
      sleepers.push(await startContainer(running(), plan(["sleep", "60000"])));
    }
    await expect(startContainer(running(), plan(["hello"]))).rejects.toMatchObject({
      code: "CapacityExceeded",
      retryable: true,
      message: expect.stringMatching(/3 containers run in this process, and 3 is the most/) as string,
    });
    await sleepers.pop()?.container[Symbol.asyncDispose]();
    expect((await runContainer(running(), plan(["hello"]))).exit.exitCode).toBe(0);
    for (const { container } of sleepers) await container[Symbol.asyncDispose]();
  });

  it("shares a busy thread by the CPU requests", async () => {
    const small = await startContainer(running(), plan(["spin"], { resources: { cpuRequestMillis: 100 } }));
    await using _small = small.container;
    await small.output.waitFor("spinning");
    // The thread answers as soon as its ticker is up and interrupts the one that spins.
    await small.container.usage();
    const large = await startContainer(running(), plan(["spin"], { resources: { cpuRequestMillis: 300 } }));
    await using _large = large.container;
    await large.output.waitFor("spinning");
    const before = await Promise.all([small.container.usage(), large.container.usage()]);
    const sleeper = await runContainer(running(), plan(["sleep", "200"]));
    expect(sleeper.stdout).toBe("sleeping\nawake\n");
    const after = await Promise.all([small.container.usage(), large.container.usage()]);
    const [used = 0, usedByLarge = 0] = after.map(
      ({ cpuMicros }, index) => cpuMicros - (before[index]?.cpuMicros ?? 0),
    );
    // Three to one; a machine that takes the ticker away in the middle of a slice shifts it for a while.
    expect(usedByLarge).toBeGreaterThan(1.5 * used);
  });

  it("holds a container to its CPU limit, on a shared thread and on its own", async () => {
    for (const isolated of [false, true]) {
      const resources = { cpuLimitMillis: 100 };
      const spinner = await startContainer(running(), plan(["spin"], { resources, isolated }));
      await using _spinner = spinner.container;
      await spinner.output.waitFor("spinning");
      const before = await spinner.container.usage();
      const since = performance.now();
      await runContainer(running(), plan(["sleep", "300"]));
      const after = await spinner.container.usage();
      // A tenth of the time, plus a period's share and what one slice takes too long on a busy machine.
      const allowed = (performance.now() - since) * 100 + 60_000;
      expect(after.cpuMicros - before.cpuMicros).toBeLessThan(allowed);
      expect(after.cpuMicros).toBeGreaterThan(0);
    }
  });

  it("ends what runs when it is disposed of, and starts nothing any more", async () => {
    const short = createWasiRuntime({ threads: 1 });
    const sleeper = await startContainer(short, plan(["sleep", "60000"]));
    await short[Symbol.asyncDispose]();
    expect((await sleeper.container.exited).exitCode).toBe(137);
    await expect(startContainer(short, plan(["hello"]))).rejects.toMatchObject({ code: "StartFailed" });
  });
});
