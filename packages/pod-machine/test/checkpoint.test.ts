import { isKrustletError } from "@krustlet/interface";
import { checkpointOf, initialState, parseCheckpoint } from "@krustlet/pod-machine";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Driver, podOf } from "./driver.ts";

const numRuns = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 2000);

describe("a checkpoint", () => {
  it("is the same after it was on disk", () => {
    const pod = new Driver(podOf(["main", "more"], { initContainers: [{ name: "one" }] })).ready();
    pod.run("one").exited("one").run("main", "more").exited("main", 3).run("main").exited("main", 4);
    for (const state of [pod.state, pod.send({ type: "evicted", reason: "R", message: "m" }).state]) {
      const checkpoint = checkpointOf(state);
      expect(parseCheckpoint(JSON.stringify(checkpoint))).toEqual(checkpoint);
    }
    expect(checkpointOf(pod.state).ending).toEqual({
      cause: "evicted",
      reason: "R",
      message: "m",
      disruption: true,
    });
  });

  it("of a longer back-off than there may be now is taken up with what may be", () => {
    const pod = new Driver(podOf(["main"])).ready();
    for (let crash = 0; crash < 6; crash += 1) {
      pod.run("main").exited("main", 1);
      pod.until(pod.wakeAt() ?? pod.seconds);
    }
    pod.run("main").exited("main", 1);
    const finished = pod.seconds;
    expect(pod.wakeAt()).toBe(finished + 300);
    const kept = checkpointOf(pod.state);
    const next = initialState(podOf(["main"]), pod.at(finished), { maxRestartDelayMs: 60_000 }, kept);
    expect(next.facts.containers[0]?.state).toMatchObject({
      name: "CrashBackOff",
      delayMs: 60_000,
      until: pod.at(finished + 60),
    });
  });

  it("of another pod counts for nothing", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main").exited("main", 1);
    const other = { ...podOf(["main"]), metadata: { name: "p", uid: "u2" } };
    const state = initialState(other, pod.at(9), {}, checkpointOf(pod.state));
    expect(state.facts.containers[0]).toMatchObject({ exits: 0, state: { name: "Waiting" } });
  });

  it("says that a guest may run only if it may", () => {
    const pod = new Driver(podOf(["main"])).ready().pulled("main");
    expect(checkpointOf(pod.state).containers[0]?.run).toBeUndefined();
    const begun = (attempt: number) =>
      new Map([["main", { attempt, containerID: "wasi://main", startedAt: pod.at(1.234) }]]);
    expect(checkpointOf(pod.state, begun(0)).containers[0]?.run).toBeUndefined();
    expect(checkpointOf(pod.state, begun(1)).containers[0]?.run).toEqual({
      containerID: "wasi://main",
      startedAt: pod.at(1),
    });
    pod.started("main");
    expect(checkpointOf(pod.state).containers[0]?.run).toMatchObject({ containerID: "wasi://main" });
  });

  it("that somebody wrote who is not us is refused, whatever it is", () => {
    const junk = fc.oneof(
      fc.constantFrom(undefined, null, "", "2026-01-01T00:00:00Z", 0, 1, -1, 1e300, true),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const exit = fc.record({ exitCode: junk, reason: fc.string(), finishedAt: fc.constant("2026-01-01") });
    const container = fc.record({
      name: fc.constantFrom("main", "more"),
      attempt: fc.constant(1),
      exits: fc.oneof(fc.nat(), junk),
      exit: fc.oneof(exit, junk),
      run: fc.oneof(fc.constant({}), junk),
      crash: junk,
    });
    const checkpoint = fc.record({
      version: fc.constantFrom(1, 1, 1, 2, "1"),
      namespace: fc.string(),
      name: fc.string(),
      uid: fc.string(),
      startTime: fc.oneof(fc.constant("2026-01-01T00:00:00Z"), junk),
      containers: fc.oneof(fc.array(container, { maxLength: 3 }), junk),
      outcome: fc.oneof(fc.constant({ phase: "Failed" }), junk),
      ending: junk,
    });
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: checkpoint }, { weight: 1, arbitrary: junk }), (each) => {
        try {
          const checkpoint = parseCheckpoint(JSON.stringify(each) ?? "");
          // What is taken can be used.
          const pod = { metadata: { uid: checkpoint.uid }, spec: { containers: [{ name: "main" }] } };
          initialState(pod, new Date(0), {}, checkpoint);
        } catch (error) {
          if (!isKrustletError(error, "InvalidObject")) throw error;
        }
      }),
      { seed: 4, numRuns },
    );
    expect(() => parseCheckpoint("{")).toThrow(/it is no checkpoint/u);
  });
});
