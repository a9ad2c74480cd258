import { describe, expect, it } from "vitest";
import { OutputRecorder, runContainer, startContainer } from "./container-run.ts";
import type { RuntimeContext } from "./describe-runtime.ts";

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    // As a terminal does: the next chunk comes some turns of the event loop later.
    await new Promise((resolve) => void setImmediate(resolve));
    yield Buffer.from(text);
  }
}

/** Arguments, environment, and the three streams. */
export function describeRuntimeStreams({ runtime, probe, can }: RuntimeContext): void {
  describe("streams", () => {
    it("gives the guest its arguments and environment, and keeps stdout and stderr apart", async () => {
      const plan = probe(["hello", "ü 1", ""], { env: { GREETING: "hi" } });
      const { exit, stdout, stderr } = await runContainer(runtime(), plan);
      expect({ code: exit.exitCode, reason: exit.reason, stdout, stderr }).toEqual({
        code: 0,
        reason: "Completed",
        stdout: "hi: [probe] [hello] [ü 1] []\n",
        stderr: "to stderr\n",
      });
      expect(exit.finishedAt.getTime()).toBeGreaterThanOrEqual(exit.startedAt.getTime());
    });

    it("delivers output while the guest still runs", async () => {
      const plan = probe(["sleep", "60000"]);
      const { container, output } = await startContainer(runtime(), plan);
      await output.waitFor("sleeping");
      expect(output.stdout).toBe("sleeping\n");
      await container[Symbol.asyncDispose]();
    });

    it("keeps the order of writes between stdout and stderr", async () => {
      const output = new OutputRecorder();
      const plan = probe(["interleave"]);
      const container = await runtime().start(plan, output);
      await container.exited;
      const lines = output.chunks.map(({ chunk }) => Buffer.from(chunk).toString()).join("");
      expect(lines).toBe(Array.from({ length: 200 }, (_, index) => `${index}\n`).join(""));
    });

    it("ends a guest's standard input at once when there is none", async () => {
      const { exit, stdout } = await runContainer(runtime(), probe(["cat"]));
      expect([exit.exitCode, stdout]).toEqual([0, ""]);
    });

    it.runIf(can("stdin"))("passes standard input on as it comes", async () => {
      const plan = probe(["cat"]);
      const { exit, stdout } = await runContainer(runtime(), plan, chunksOf("one ", "", "two\n"));
      expect([exit.exitCode, stdout]).toEqual([0, "one two\n"]);
    });

    it("resolves exited only after slow writes have taken all output", async () => {
      let delivered = 0;
      const container = await runtime().start(probe(["flood", "4"]), {
        async write(_stream, chunk) {
          await new Promise((resolve) => void setImmediate(resolve));
          delivered += chunk.length;
        },
      });
      const exit = await container.exited;
      expect([exit.exitCode, delivered]).toEqual([0, 4 * 16 * 1024]);
    });

    it.runIf(can("backPressure"))("makes a guest that floods its output wait for the reader", async () => {
      const gate = Promise.withResolvers<void>();
      const first = Promise.withResolvers<void>();
      let offered = 0;
      const plan = probe(["flood", "1024"]);
      const container = await runtime().start(plan, {
        write(_stream, chunk) {
          offered += chunk.length;
          first.resolve();
          return gate.promise;
        },
      });
      await first.promise;
      const other = await runContainer(runtime(), probe(["hello"]));
      expect(other.exit.exitCode).toBe(0);
      expect(offered).toBeLessThanOrEqual(64 * 1024);
      gate.resolve();
      expect((await container.exited).exitCode).toBe(0);
      expect(offered).toBe(1024 * 16 * 1024);
    });
  });
}
