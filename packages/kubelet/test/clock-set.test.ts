/** Somebody sets the wall clock while pods wait for something. */
import { describe, expect, it } from "vitest";

import { openBench, podOf } from "./fakes.ts";

const HOUR_MS = 3_600_000;
const BOTH_WAYS = [-2 * HOUR_MS, 2 * HOUR_MS] as const;

describe.each(BOTH_WAYS)("a wall clock that is set by %s ms", (ms) => {
  it("makes no back-off longer, and none shorter", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "a" }, { name: "b" }], { restartPolicy: "Always" }));
    const run = async (name: string, nth: number): Promise<void> => {
      const runs = () => bench.containers.filter(({ plan }) => plan.name === name);
      await bench.until(() => runs().length > nth, `run ${nth} of ${name}`);
      runs()[nth]?.exit(1);
    };
    const count = (name: string): number => bench.containers.filter(({ plan }) => plan.name === name).length;
    await run("a", 0);
    await run("a", 1);
    await bench.until(() => bench.clock.sleeping > 0, "the back-off of a");
    await bench.clock.advance(4000);
    await run("b", 0);
    bench.clock.set(ms);
    // This exit is the first that happens by the new clock.
    await run("b", 1);
    await bench.until(() => bench.state === "Running" && bench.clock.sleeping > 0, "two back-offs");
    await bench.clock.advance(5900);
    expect(count("a")).toBe(2);
    await bench.clock.advance(200);
    await bench.until(() => count("a") === 3, "the third run of a");
    await bench.clock.advance(3700);
    expect(count("b")).toBe(2);
    await bench.clock.advance(400);
    await bench.until(() => count("b") === 3, "the third run of b");
  });

  it("makes no grace period longer, and none shorter", async () => {
    await using bench = await openBench();
    const pod = podOf([{ name: "stubborn" }, { name: "obedient" }]);
    bench.add(pod);
    await bench.started(1);
    const obedient = bench.containers.find(({ plan }) => plan.name === "obedient");
    for (const container of bench.containers) container.stubborn = true;
    bench.remove(pod, 30);
    await bench.until(() => bench.state === "Terminating");
    await bench.clock.advance(5000);
    bench.clock.set(ms);
    obedient?.exit(0);
    await bench.until(() => bench.steps.some(({ event }) => event.type === "exited"));
    const held = (): boolean => bench.ledger.held.has(`container ${pod.metadata?.uid}/stubborn`);
    await bench.clock.advance(24_900);
    expect(held()).toBe(true);
    await bench.clock.advance(200);
    await bench.until(() => bench.state === "Gone");
    expect(held()).toBe(false);
  });

  it("tells what happens afterwards by the new time, and leaves what happened before", async () => {
    await using bench = await openBench();
    bench.add(podOf());
    const container = await bench.started();
    await bench.until(() => bench.status.phase === "Running");
    const { startTime } = bench.status;
    bench.clock.set(ms);
    container.exit(0);
    await bench.until(() => bench.state === "Finished");
    expect(bench.status.startTime).toEqual(startTime);
    const [{ state } = { state: undefined }] = bench.status.containerStatuses ?? [];
    expect(state?.terminated?.finishedAt).toEqual(bench.clock.now());
  });
});

describe("activeDeadlineSeconds", () => {
  const DEADLINE = { activeDeadlineSeconds: 3600 };

  it("are over within seconds where the wall clock is set beyond them", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "app" }], DEADLINE));
    await bench.started();
    await bench.until(() => bench.clock.sleeping > 0, "the wait for it");
    bench.clock.set(2 * HOUR_MS);
    await bench.clock.advance(10_000);
    await bench.until(() => bench.state === "Finished");
    expect(bench.status).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
  });

  it("go on where it is set back, as long as it says", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "app" }], DEADLINE));
    await bench.started();
    await bench.until(() => bench.clock.sleeping > 0, "the wait for it");
    bench.clock.set(-2 * HOUR_MS);
    await bench.clock.advance(3 * HOUR_MS - 1000);
    expect(bench.state).toBe("Running");
    await bench.clock.advance(1000);
    await bench.until(() => bench.state === "Finished");
    expect(bench.status).toMatchObject({ reason: "DeadlineExceeded" });
  });
});
