import { describe, expect, it } from "vitest";
import { runContainer, startContainer } from "./container-run.ts";
import type { RuntimeContext } from "./describe-runtime.ts";

/** Every way in which a container ends. */
export function describeRuntimeEnds({ runtime, probe, can }: RuntimeContext): void {
  const planned = (...args: readonly string[]) => probe(args);

  describe("ends", () => {
    it.each([
      [0, "Completed"],
      [7, "Error"],
      [255, "Error"],
    ])("gives the guest's own exit code %i", async (code, reason) => {
      const { exit } = await runContainer(runtime(), planned("exit", String(code)));
      expect([exit.exitCode, exit.reason]).toEqual([code, reason]);
    });

    it("ends a trap with 134 and a backtrace that names the functions", async () => {
      const { exit } = await runContainer(runtime(), planned("trap"));
      expect([exit.exitCode, exit.reason]).toEqual([134, "Error"]);
      expect(exit.message).toMatch(/unreachable[^]*backtrace[^]*divide[^]*main/);
    });

    it("ends a stack that overflows as a trap", async () => {
      const { exit } = await runContainer(runtime(), planned("recurse"));
      expect(exit.exitCode).toBe(134);
    });

    it.each([
      ["spins", "spinning", ["spin"]],
      ["sleeps", "sleeping", ["sleep", "60000"]],
      ["fills memory", "filling", ["fill"]],
    ])("kills a guest that %s", async (_what, said, args) => {
      const { container, output } = await startContainer(runtime(), planned(...args));
      await output.waitFor(said);
      await container.kill();
      const exit = await container.exited;
      expect([exit.exitCode, exit.reason]).toEqual([137, "Error"]);
      expect(output.stdout).toBe(`${said}\n`);
      await container.kill();
    });

    it("kills every container that still runs when it is disposed of itself", async () => {
      const { container, output } = await startContainer(runtime(), planned("sleep", "60000"));
      await output.waitFor("sleeping");
      await container[Symbol.asyncDispose]();
      expect((await container.exited).exitCode).toBe(137);
    });

    it("ends a guest that does not listen for signals with 143 when it is asked to stop", async () => {
      for (const args of [["sleep", "60000"], ["spin"]]) {
        const { container } = await startContainer(runtime(), planned(...args));
        await container.terminate();
        await container.terminate();
        expect((await container.exited).exitCode).toBe(143);
      }
    });

    it.runIf(can("signals"))("lets a guest that listens for signals stop as it likes", async () => {
      const { container, output } = await startContainer(runtime(), planned("signals"));
      await output.waitFor("waiting");
      await container.terminate();
      const exit = await container.exited;
      expect([exit.exitCode, output.stdout]).toEqual([42, "waiting\ngot TERM\n"]);
    });

    it.runIf(can("memoryLimit"))("ends a guest that runs out of memory as OOMKilled with 137", async () => {
      const plan = { ...planned("hog"), resources: { memoryLimitBytes: 8 * 1024 * 1024 } };
      const { exit } = await runContainer(runtime(), plan);
      expect([exit.exitCode, exit.reason]).toEqual([137, "OOMKilled"]);
    });

    it.runIf(can("memoryLimit"))(
      "ends a guest whose memory does not fit from the start as OOMKilled",
      async () => {
        const plan = { ...planned("hello"), resources: { memoryLimitBytes: 64 * 1024 } };
        const { exit, stdout } = await runContainer(runtime(), plan);
        expect([exit.exitCode, exit.reason, stdout]).toEqual([137, "OOMKilled", ""]);
      },
    );

    it("tells what a container uses, also after its end", async () => {
      const { container, output } = await startContainer(runtime(), planned("sleep", "60000"));
      await output.waitFor("sleeping");
      const usage = await container.usage();
      expect(usage.memoryBytes).toBeGreaterThanOrEqual(64 * 1024);
      expect(usage.cpuMicros).toBeGreaterThanOrEqual(0);
      await container.kill();
      expect((await container.usage()).memoryBytes).toBeGreaterThanOrEqual(0);
    });

    it("runs other containers while one spins", async () => {
      const spinner = await startContainer(runtime(), planned("spin"));
      await spinner.output.waitFor("spinning");
      const { exit, stdout } = await runContainer(runtime(), planned("hello"));
      expect([exit.exitCode, stdout.endsWith("[hello]\n")]).toEqual([0, true]);
      await spinner.container[Symbol.asyncDispose]();
    });
  });
}
