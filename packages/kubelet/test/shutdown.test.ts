import { describe, expect, it } from "vitest";

import { planShutdown, shutdownPeriodsOf } from "../src/index.ts";
import { openBench, podOf } from "./fakes.ts";

const CRITICAL = 2_000_000_000;
const named = (name: string, priority?: number) => podOf([{ name: "app" }], { priority }, { name });

describe("the plan of a shutdown", () => {
  it("ends pods by priority, the lowest first, each in the highest period that it reaches", () => {
    const pods = [named("a"), named("b", 5000), named("c", -7), named("d", CRITICAL + 1)];
    const period = (priority: number, shutdownGracePeriodSeconds: number) => ({
      priority,
      shutdownGracePeriodSeconds,
    });
    const plan = planShutdown(pods, [
      period(CRITICAL, 10),
      period(0, 20),
      period(1000, 30),
      period(9000, 40),
    ]);
    expect(
      plan.map(({ shutdownGracePeriodSeconds, pods: group }) => [
        shutdownGracePeriodSeconds,
        group.map(({ metadata }) => metadata?.name).join(" "),
      ]),
    ).toStrictEqual([
      [20, "a c"],
      [30, "b"],
      [10, "d"],
    ]);
    expect(planShutdown(pods, [])).toStrictEqual([]);
  });

  it("gives critical pods their part of the whole", () => {
    expect(shutdownPeriodsOf(30, 10)).toStrictEqual([
      { priority: 0, shutdownGracePeriodSeconds: 20 },
      { priority: CRITICAL, shutdownGracePeriodSeconds: 10 },
    ]);
    expect(shutdownPeriodsOf(0, 0)).toStrictEqual([]);
  });
});

describe("a node that goes down", () => {
  it("ends pods in that order, says why, and takes no others", async () => {
    await using bench = await openBench();
    bench.add(named("plain"));
    bench.add(named("critical", CRITICAL));
    await bench.started(1);
    await bench.until(() => bench.steps.filter(({ event }) => event.type === "started").length === 2);
    const of = (name: string) => bench.containers.find(({ plan }) => plan.pod.name === name)!;
    of("plain").stubborn = true;
    const done = bench.kubelet.shutDown(shutdownPeriodsOf(30, 10));
    await bench.until(() => of("plain").terminated > 0);
    expect(of("critical").terminated).toBe(0);
    bench.add(named("late"));
    await bench.until(() => bench.statuses.some(({ reason }) => reason === "NodeShutdown"));
    expect(bench.statuses.find(({ reason }) => reason === "NodeShutdown")).toMatchObject({
      phase: "Failed",
      message: "Pod was rejected: Pod was rejected as the node is shutting down.",
    });
    of("plain").exit(0);
    await done;
    const ended = bench.kubelet.pods().filter(({ status }) => status?.reason === "Terminated");
    expect(ended.map(({ metadata }) => metadata?.name)).toStrictEqual(["plain", "critical"]);
    expect(ended[0]?.status).toMatchObject({
      phase: "Failed",
      message: "Pod was terminated in response to imminent node shutdown.",
    });
    expect(ended[0]?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: "DisruptionTarget", reason: "TerminationByKubelet" }),
    );
    expect(bench.statuses.filter(({ reason }) => reason === "Terminated")).toHaveLength(2);
  });

  it("gives nobody longer than its group, and waits for nobody longer either", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "app" }], { terminationGracePeriodSeconds: 600 }));
    const container = await bench.started();
    container.stubborn = true;
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    let done = false;
    void bench.kubelet.shutDown(shutdownPeriodsOf(5, 0)).then(() => (done = true));
    await bench.until(() => container.terminated > 0);
    await bench.clock.advance(4900);
    expect(done).toBe(false);
    await bench.clock.advance(200);
    await bench.until(() => bench.state === "Finished");
    await bench.clock.advance(5000);
    expect(done).toBe(true);
  });
});
