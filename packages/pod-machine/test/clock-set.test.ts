import { checkpointOf, initialState, parseCheckpoint, withClockSet, workOf } from "@krustlet/pod-machine";
import { describe, expect, it } from "vitest";

import { Driver, podOf } from "./driver.ts";

const HOURS_S = 7200;

/** A driver whose clock is set: its own time, and what the machine makes of that. */
function setClock(pod: Driver, seconds: number): void {
  pod.state = withClockSet(pod.state, seconds * 1000);
  pod.seconds += seconds;
}

const exited = (pod: Driver, exitCode: number) => {
  const [startedAt, finishedAt] = [pod.at(pod.seconds - 1), pod.at(pod.seconds)];
  return { ...trying(pod), type: "exited", exitCode, reason: "Error", startedAt, finishedAt } as const;
};
const trying = (pod: Driver) => ({ container: "main", attempt: pod.attempt("main") });

function runOnce(pod: Driver): void {
  pod.send({ ...trying(pod), type: "pulled", imageID: "i" });
  pod.send({ ...trying(pod), type: "started", containerID: "wasi://x" });
}

function running(): Driver {
  const pod = new Driver(podOf(["main"])).send({ type: "admitted" }).send({ type: "mounted" });
  runOnce(pod);
  return pod;
}

function crashed(times: number): Driver {
  const pod = running();
  for (let crash = 1; ; crash += 1) {
    pod.seconds += 1;
    pod.send(exited(pod, 1));
    if (crash === times) return pod;
    pod.until(pod.wakeAt() ?? pod.seconds);
    runOnce(pod);
  }
}

describe.each([-HOURS_S, HOURS_S])("a clock that is set by %s s", (seconds) => {
  it("moves what is waited for along", () => {
    const mounting = new Driver(podOf(["main"])).send({ type: "admitted" });
    mounting.send({ type: "mountFailed", message: "no", retryable: true });
    const begun = (): Driver =>
      new Driver(podOf(["main"])).send({ type: "admitted" }).send({ type: "mounted" });
    const [pullFailed, pullBackOff, starting] = [begun(), begun(), begun()];
    for (const pod of [pullFailed, pullBackOff])
      pod.send({ ...trying(pod), type: "pullFailed", reason: "ErrImagePull", message: "no" });
    pullBackOff.until(pullBackOff.wakeAt() ?? 0);
    starting.send({ ...trying(starting), type: "pulled", imageID: "i" });
    starting.send({
      ...trying(starting),
      type: "startFailed",
      reason: "CreateContainerError",
      message: "no",
    });
    const stopping = running().send({ type: "deleted", gracePeriodSeconds: 30 });
    const killed = running().send({ type: "deleted", gracePeriodSeconds: 0 });
    for (const pod of [mounting, pullFailed, pullBackOff, starting, crashed(2), stopping, killed]) {
      const left = (pod.wakeAt() ?? 0) - pod.seconds;
      expect(left).toBeGreaterThan(0);
      setClock(pod, seconds);
      expect((pod.wakeAt() ?? 0) - pod.seconds).toBeCloseTo(left);
    }
  });

  it("makes a container's run neither a long one, whose crash is forgotten, nor a short one", () => {
    const short = crashed(2);
    short.until(short.wakeAt() ?? 0);
    runOnce(short);
    setClock(short, seconds);
    short.seconds += 1;
    short.send(exited(short, 1));
    // The second wait: 20 s.
    expect((short.wakeAt() ?? 0) - short.seconds).toBeCloseTo(20);
    const long = crashed(2);
    long.until(long.wakeAt() ?? 0);
    runOnce(long);
    long.seconds += 700;
    setClock(long, seconds);
    long.send(exited(long, 1));
    expect(long.container("main").state.name).toBe("Pulling");
  });

  it("leaves a deadline where it is", () => {
    const pod = new Driver(podOf(["main"], { activeDeadlineSeconds: 60 })).send({ type: "admitted" });
    const before = pod.wakeAt();
    setClock(pod, seconds);
    expect(pod.wakeAt()).toBe(before);
    expect(workOf(pod.state).find((action) => action.do === "wait")).toMatchObject({ wallClock: true });
  });
});

it("a back-off that a process left whose clock was ahead is no longer than it ever was", () => {
  const pod = crashed(2);
  const kept = parseCheckpoint(JSON.stringify(checkpointOf(pod.state)));
  const back = new Date(pod.at(pod.seconds).getTime() - HOURS_S * 1000);
  const next = initialState(podOf(["main"]), back, {}, kept);
  const state = next.facts.containers[0]?.state;
  expect(state).toMatchObject({ name: "CrashBackOff", until: new Date(back.getTime() + 10_000) });
});
