import { statusOf } from "@krustlet/pod-machine";
import type { PodCondition, PodLike, PullFailure } from "@krustlet/pod-machine";
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
        resources: {},
      })),
    });
  });

  it("tells what a container waits for", () => {
    const pod = new Driver(podOf(["main"])).ready();
    expect(pod.status("main").state).toEqual({ waiting: { reason: "ContainerCreating" } });
    const message = "registry.example: no route";
    pod.send({ type: "pullFailed", container: "main", attempt: 1, reason: "ErrImagePull", message });
    expect(pod.status("main").state.waiting).toEqual({ reason: "ErrImagePull", message });
    pod.until(5);
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

  it("tells what keeps an image away in the kubelet's words", () => {
    const waitingFor = (reason: PullFailure, seconds: number): unknown => {
      const pod = new Driver(podOf(["main"])).ready();
      pod.send({ type: "pullFailed", container: "main", attempt: 1, reason, message: "because" });
      return pod.until(seconds).status("main").state.waiting;
    };
    expect(waitingFor("ErrImageNeverPull", 9)).toEqual({
      reason: "ErrImageNeverPull",
      message: 'Container image "main:v1" is not present with pull policy of Never',
    });
    expect(waitingFor("InvalidImageName", 9)).toEqual({
      reason: "InvalidImageName",
      message: 'Failed to apply default image tag "main:v1": because',
    });
    const message = "image pull failed for main:v1 because the registry is unavailable: because";
    expect(waitingFor("RegistryUnavailable", 4)).toEqual({ reason: "RegistryUnavailable", message });
    expect(waitingFor("RegistryUnavailable", 9)).toEqual({
      reason: "ImagePullBackOff",
      message: `Back-off pulling image "main:v1": RegistryUnavailable: ${message}`,
    });
  });

  it("leaves a container that is started again at what it was, until it runs", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main").until(1).exited("main", 3);
    expect(pod.work()).toEqual(["pull main 2"]);
    const shown = (): unknown => {
      const { restartCount, state, lastState } = pod.status("main");
      return [
        restartCount,
        state.waiting?.reason ?? state.terminated?.exitCode,
        lastState.terminated?.exitCode,
      ];
    };
    expect(shown()).toEqual([0, 3, undefined]);
    expect((pod.pulled("main"), shown())).toEqual([0, 3, undefined]);
    pod.started("main");
    expect(shown()).toEqual([1, undefined, 3]);
    pod.exited("main", 4);
    expect(shown()).toEqual([1, "CrashLoopBackOff", 4]);
    expect(pod.until(11).work()).toEqual(["pull main 3"]);
    expect(shown()).toEqual([1, "CrashLoopBackOff", 4]);
    expect((pod.pulled("main"), shown())).toEqual([1, "CrashLoopBackOff", 4]);
    expect((pod.started("main"), shown())).toEqual([2, undefined, 4]);
  });

  it("keeps the end of two runs of a container that is started again, and is stopped before it runs", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main").exited("main", 3).run("main");
    pod.until(700).exited("main", 4);
    expect(pod.work()).toEqual(["pull main 3"]);
    expect(pod.status("main")).toMatchObject({
      restartCount: 1,
      state: { terminated: { exitCode: 4 } },
      lastState: { terminated: { exitCode: 3 } },
    });
    pod.send({ type: "deleted" });
    expect(pod.status("main")).toMatchObject({
      restartCount: 1,
      state: { terminated: { exitCode: 4 } },
      lastState: { terminated: { exitCode: 3 } },
    });
  });

  it("tells of a start that failed as a run that ended, and as what is waited with", () => {
    const pod = new Driver(podOf(["main"])).ready().pulled("main");
    pod.send({
      type: "startFailed",
      container: "main",
      attempt: 1,
      reason: "RunContainerError",
      message: "no thread",
    });
    expect(pod.status("main")).toMatchObject({
      state: { waiting: { reason: "RunContainerError", message: "no thread" } },
      lastState: { terminated: { exitCode: 128, reason: "StartError", message: "no thread" } },
    });
  });

  it("tells what a container waited for until it runs", () => {
    const pod = new Driver(podOf(["main"])).ready();
    const failed = { container: "main", message: "no route" } as const;
    pod.send({ type: "pullFailed", attempt: 1, reason: "ErrImagePull", ...failed }).until(10);
    expect(pod.work()).toEqual(["pull main 2"]);
    expect(pod.status("main").state.waiting?.reason).toBe("ImagePullBackOff");
    pod.pulled("main");
    pod.send({ type: "startFailed", attempt: 2, reason: "CreateContainerConfigError", ...failed }).until(20);
    expect(pod.work()).toEqual(["pull main 3"]);
    expect(pod.status("main").state.waiting).toEqual({
      reason: "CreateContainerConfigError",
      message: "no route",
    });
    expect(pod.run("main").status("main").state.running).toBeDefined();
  });

  it("tells requests, limits and mounts as they are in force", () => {
    const requests = { cpu: "100m" };
    const resources = { requests, limits: { memory: "1Mi" } };
    const volumeMounts = [
      { name: "v", mountPath: "/v" },
      { name: "r", mountPath: "/r", readOnly: true },
      { name: "x", mountPath: "/x", readOnly: true, recursiveReadOnly: "Enabled" },
    ];
    const main = { name: "main", image: "main:v1", resources, volumeMounts };
    const pod = new Driver(podOf([main], { resources: { requests } })).ready();
    const waiting = pod.status("main");
    expect(waiting).toMatchObject({ volumeMounts: [{ name: "v" }, { name: "r" }, { name: "x" }] });
    // Nothing is in force of what was never made.
    expect(waiting).not.toHaveProperty("resources");
    expect(waiting).not.toHaveProperty("allocatedResources");
    pod.run("main");
    expect(pod.status("main")).toMatchObject({
      allocatedResources: requests,
      resources,
      volumeMounts: [
        { name: "v", mountPath: "/v" },
        { name: "r", readOnly: true, recursiveReadOnly: "Disabled" },
        { name: "x", readOnly: true, recursiveReadOnly: "Enabled" },
      ],
    });
    expect(statusOf(pod.state)).toMatchObject({ allocatedResources: requests, resources: { requests } });
    pod.exited("main", 1);
    expect(pod.status("main")).toMatchObject({ allocatedResources: requests, resources });
  });

  it("tells all addresses of the node and of the pod", () => {
    const pod = new Driver(podOf(["main"])).send({
      type: "admitted",
      hostIPs: ["10.0.0.1", "fd00::1"],
      podIPs: ["10.1.0.1", "fd01::1"],
    });
    expect(statusOf(pod.state)).toMatchObject({
      hostIP: "10.0.0.1",
      hostIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }],
      podIP: "10.1.0.1",
      podIPs: [{ ip: "10.1.0.1" }, { ip: "fd01::1" }],
    });
  });

  it("tells of a disruption once nothing runs any more, and leaves that of others alone", () => {
    const evicted = { type: "evicted", reason: "Evicted", message: "low on memory" } as const;
    const pod = new Driver(podOf(["main"])).ready().run("main").send(evicted);
    expect(condition(pod, "DisruptionTarget")).toBeUndefined();
    pod.until(3).exited("main", 143);
    expect(condition(pod, "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "TerminationByKubelet",
      message: "low on memory",
      lastTransitionTime: pod.at(3),
    });
    const own = new Driver(podOf(["main"]))
      .ready()
      .run("main")
      .send({ ...evicted, disruption: false });
    expect(condition(own.exited("main", 143), "DisruptionTarget")).toBeUndefined();
    const preempting = { type: "evicted", reason: "Preempting", message: "Preempted" } as const;
    const preempted = new Driver(podOf(["main"])).ready().run("main").send(preempting).exited("main", 143);
    expect(condition(preempted, "DisruptionTarget")?.message).toBe(
      "Pod was preempted by Kubelet to accommodate a critical pod.",
    );
    expect(statusOf(preempted.state)).toMatchObject({ reason: "Preempting", message: "Preempted" });
    const conditions = [{ type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" }];
    const others = new Driver(podOf(["main"], {}, { conditions })).ready();
    expect(condition(others, "DisruptionTarget")?.reason).toBe("EvictionByEvictionAPI");
  });

  it("knows of a pod that the node did not take no more than that", () => {
    const conditions = [
      { type: "PodScheduled", status: "True" },
      { type: "example.com/x", status: "True" },
    ];
    const pod = new Driver(podOf(["main"], {}, { conditions }));
    pod.send({ type: "rejected", reason: "OutOfcpu", message: "no" });
    expect(statusOf(pod.state)).toMatchObject({ phase: "Failed", reason: "OutOfcpu", containerStatuses: [] });
    expect(statusOf(pod.state).conditions.map(({ type }) => type)).toEqual(["example.com/x"]);
  });

  it("shows a lasting pull failure as what it is", () => {
    const pod = new Driver(podOf(["main"])).ready();
    const message = "invalid reference format";
    pod.send({ type: "pullFailed", container: "main", attempt: 1, reason: "InvalidImageName", message });
    expect(pod.status("main").state.waiting).toEqual({
      reason: "InvalidImageName",
      message: `Failed to apply default image tag "main:v1": ${message}`,
    });
    expect(pod.until(9).status("main").state.waiting?.reason).toBe("InvalidImageName");
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
    pod.send({ type: "deleted", gracePeriodSeconds: 0 });
    expect(pod.work()).toEqual(["kill main 1"]);
    expect(condition(pod, "Initialized")?.status).toBe("True");
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

  it("says of an ephemeral container that comes to a running pod that it is not started", () => {
    const base = podOf(["main"]);
    const pod = new Driver(base).ready().run("main");
    const debugged: PodLike = {
      ...base,
      spec: { ...base.spec!, ephemeralContainers: [{ name: "debugger", image: "busybox" }] },
    };
    pod.send({ type: "changed", pod: debugged });
    expect(statusOf(pod.state)).toMatchObject({
      phase: "Running",
      containerStatuses: [{ name: "main", ready: true }],
      ephemeralContainerStatuses: [
        {
          name: "debugger",
          image: "busybox",
          restartCount: 0,
          ready: false,
          state: {
            waiting: { reason: "CreateContainerError", message: "ephemeral containers are not supported" },
          },
        },
      ],
    });
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

  it("makes lost ones of what never came to run, where nothing stood before it", () => {
    const lost = { exitCode: 137, reason: "ContainerStatusUnknown" };
    const pulling = new Driver(podOf(["main"])).ready().send({ type: "deleted" });
    expect(pulling.status("main").state).toMatchObject({ terminated: lost });
    const two = { initContainers: [{ name: "one" }, { name: "two" }] };
    const early = new Driver(podOf(["main"], two)).ready().send({ type: "deleted" });
    expect(early.status("one").state).toMatchObject({ terminated: lost });
    expect(early.status("two").state).toEqual({ waiting: { reason: "PodInitializing" } });
    const late = new Driver(podOf(["main"], { initContainers: [{ name: "one" }] }));
    late.ready().run("one").exited("one", 0).send({ type: "deleted" });
    expect(late.status("main").state).toMatchObject({ terminated: lost });
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
