import { statusOf } from "@krustlet/pod-machine";
import type { PodCondition, PodLike } from "@krustlet/pod-machine";
import { describe, expect, it } from "vitest";
import { Driver, podOf } from "./driver.ts";

function condition(pod: Driver, type: string): PodCondition | undefined {
  return statusOf(pod.state).conditions.find((condition) => condition.type === type);
}

describe("statusOf", () => {
  it("tells all of a running pod", () => {
    const pod = new Driver(podOf(["b", "a"])).ready();
    pod.until(2).run("b", "a");
    const conditions = [
      "PodReadyToStartContainers",
      "Initialized",
      "Ready",
      "ContainersReady",
      "PodScheduled",
    ];
    expect(statusOf(pod.state)).toEqual({
      phase: "Running",
      startTime: pod.at(0),
      observedGeneration: 3,
      qosClass: "BestEffort",
      hostIP: "10.0.0.1",
      hostIPs: [{ ip: "10.0.0.1" }],
      podIP: "127.1.0.1",
      podIPs: [{ ip: "127.1.0.1" }],
      conditions: conditions.map((type) => ({
        type,
        status: "True",
        lastTransitionTime: pod.at(type === "Ready" || type === "ContainersReady" ? 2 : 0),
        observedGeneration: 3,
      })),
      containerStatuses: ["a", "b"].map((name) => ({
        name,
        image: `${name}:v1`,
        imageID: `${name}@sha256:1`,
        containerID: `wasi://${name}`,
        restartCount: 0,
        started: true,
        ready: true,
        state: { running: { startedAt: pod.at(2) } },
        lastState: {},
      })),
    });
  });

  it("tells what a container waits for", () => {
    const pod = new Driver(podOf(["main"])).ready();
    expect(pod.status("main").state).toEqual({ waiting: { reason: "ContainerCreating" } });
    const message = "registry.example: no route";
    pod.send({ type: "pullFailed", container: "main", attempt: 1, reason: "ErrImagePull", message });
    expect(pod.status("main").state.waiting).toEqual({
      reason: "ImagePullBackOff",
      message: `Back-off pulling image "main:v1": ErrImagePull: ${message}`,
    });
    pod.until(10).run("main").exited("main", 1).run("main").exited("main", 1).until(20);
    pod.run("main").exited("main", 2);
    expect(pod.status("main")).toMatchObject({
      restartCount: 2,
      ready: false,
      state: {
        waiting: {
          reason: "CrashLoopBackOff",
          message: "back-off 20s restarting failed container=main pod=p_ns(u1)",
        },
      },
      lastState: { terminated: { exitCode: 2, reason: "Error", containerID: "wasi://main" } },
    });
  });

  it("shows a lasting pull failure as what it is", () => {
    const pod = new Driver(podOf(["main"])).ready();
    const message = "invalid reference format";
    pod.send({ type: "pullFailed", container: "main", attempt: 1, reason: "InvalidImageName", message });
    expect(pod.status("main").state.waiting).toEqual({ reason: "InvalidImageName", message });
  });

  it("tells conditions of a pod that is being initialised", () => {
    const initContainers = [{ name: "one" }, { name: "side", restartPolicy: "Always" }];
    const pod = new Driver(podOf(["main"], { initContainers })).ready();
    expect(pod.status("main").state.waiting?.reason).toBe("PodInitializing");
    expect(condition(pod, "Initialized")).toMatchObject({
      status: "False",
      reason: "ContainersNotInitialized",
      message: "containers with incomplete status: [one side]",
    });
    expect(condition(pod, "Ready")).toMatchObject({
      status: "False",
      reason: "ContainersNotReady",
      message: "containers with unready status: [side main]",
    });
    pod.run("one").exited("one").run("side");
    expect(pod.status("one")).toMatchObject({ ready: true, started: false });
    expect(condition(pod, "Initialized")?.status).toBe("True");
    pod.run("main").exited("side", 1);
    expect(condition(pod, "Initialized")?.status).toBe("True");
    expect(condition(pod, "ContainersReady")?.message).toBe("containers with unready status: [side]");
  });

  it("tells conditions of a pod that ended", () => {
    for (const [exitCode, reason] of [
      [0, "PodCompleted"],
      [1, "PodFailed"],
    ] as const) {
      const pod = new Driver(podOf(["main"], { restartPolicy: "Never" })).ready().run("main").until(5);
      pod.exited("main", exitCode);
      expect(condition(pod, "Ready")).toMatchObject({
        status: "False",
        reason,
        lastTransitionTime: pod.at(5),
      });
      expect(condition(pod, "ContainersReady")).toMatchObject({ status: "False", reason });
      expect(condition(pod, "PodReadyToStartContainers")?.status).toBe("False");
    }
  });

  it("asks the readiness gates, and leaves the conditions of others as they are", () => {
    const base = podOf(["main"], { readinessGates: [{ conditionType: "example.com/lb" }] });
    const pod = new Driver(base).ready().run("main");
    expect(condition(pod, "Ready")).toMatchObject({
      reason: "ReadinessGatesNotReady",
      message: 'corresponding condition of pod readiness gate "example.com/lb" does not exist.',
    });
    const gate = (status: string): PodLike => ({
      ...base,
      status: { conditions: [{ type: "example.com/lb", status }] },
    });
    pod.send({ type: "changed", pod: gate("False") });
    expect(condition(pod, "Ready")?.message).toBe(
      'the status of pod readiness gate "example.com/lb" is not "True", but False',
    );
    pod.until(3).send({ type: "changed", pod: gate("True") });
    expect(condition(pod, "Ready")).toMatchObject({ status: "True", lastTransitionTime: pod.at(3) });
    expect(condition(pod, "example.com/lb")).toEqual({ type: "example.com/lb", status: "True" });
  });

  it("makes a container that should have run a lost one, and leaves one that could not waiting", () => {
    const pod = new Driver(podOf(["main", "more"]))
      .ready()
      .run("main")
      .send({ type: "deleted" })
      .exited("main", 0);
    expect(pod.status("more").state.terminated).toMatchObject({
      exitCode: 137,
      reason: "ContainerStatusUnknown",
    });
    expect(statusOf(pod.state).phase).toBe("Failed");
    const early = new Driver(podOf(["main"], { initContainers: [{ name: "one" }] }))
      .ready()
      .send({ type: "deleted" });
    expect(early.status("main").state.waiting?.reason).toBe("PodInitializing");
  });
});

describe("the QoS class", () => {
  const half = { cpu: "500m", memory: "1Gi" };
  it.each([
    ["BestEffort", [{}]],
    ["BestEffort", [{ limits: { cpu: "0", memory: "junk" } }]],
    ["BestEffort", [{ limits: { "example.com/gpu": "1" } }]],
    ["Guaranteed", [{ limits: half }]],
    ["Guaranteed", [{ limits: half, requests: { cpu: "0.5", memory: "1024Mi" } }]],
    ["Burstable", [{ limits: half, requests: { cpu: "0.4" } }]],
    ["Burstable", [{ limits: half }, {}]],
    ["Burstable", [{ limits: { memory: "1Gi" } }]],
    ["Burstable", [{ requests: half }]],
  ])("is %s for %j", (qosClass, resources) => {
    const containers = resources.map((resources, index) => ({ name: `c${index}`, resources }));
    expect(statusOf(new Driver(podOf(containers)).state).qosClass).toBe(qosClass);
  });
});
