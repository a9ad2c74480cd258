import { checkpointOf, initialState, statusOf, transition } from "@krustlet/pod-machine";
import type { PodLike, PodStateName } from "@krustlet/pod-machine";
import { describe, expect, it } from "vitest";
import { Driver, podOf } from "./driver.ts";

const sidecar = { name: "side", image: "side:v1", restartPolicy: "Always" };
const other = { name: "other", image: "other:v1", restartPolicy: "Always" };

describe("a pod's straight line", () => {
  it("is admitted, mounted, pulled, started, and finishes when its container is done", () => {
    const pod = new Driver(podOf(["main"], { restartPolicy: "Never" }));
    expect(pod.work()).toEqual(["admit"]);
    pod.send({ type: "admitted" });
    expect(pod.work()).toEqual(["mount"]);
    pod.send({ type: "mounted" });
    expect(pod.work()).toEqual(["pull main 1"]);
    pod.pulled("main");
    expect(pod.actions()).toEqual([
      {
        key: "start/main/1",
        do: "start",
        container: "main",
        attempt: 1,
        restartCount: 0,
        imageID: "main@sha256:1",
      },
    ]);
    pod.started("main");
    expect(pod.work()).toEqual([]);
    pod.exited("main");
    expect(pod.work()).toEqual(["unmount"]);
    pod.send({ type: "unmounted" });
    expect(pod.state.name).toBe("Finished");
    expect(pod.actions()).toEqual([]);
    expect(statusOf(pod.state).phase).toBe("Succeeded");
    expect(pod.send({ type: "deleted" }).state.name).toBe("Gone");
    expect(statusOf(pod.state).phase).toBe("Succeeded");
  });

  it("ends at once when the node rejects it, and shows no containers", () => {
    const pod = new Driver(podOf(["main"])).send({
      type: "rejected",
      reason: "OutOfcpu",
      message: "no cpu left",
    });
    // What an earlier process made of it, before the node was restarted, is undone.
    expect(pod.work()).toEqual(["unmount"]);
    expect(pod.send({ type: "unmounted" }).state.name).toBe("Finished");
    expect(statusOf(pod.state)).toMatchObject({
      phase: "Failed",
      reason: "OutOfcpu",
      message: "Pod was rejected: no cpu left",
      containerStatuses: [],
    });
  });

  it("gives back the very same state for an event that means nothing in it", () => {
    const pod = new Driver(podOf(["main"]));
    const { state } = pod;
    pod.send({ type: "mounted" }).send({ type: "unmounted" }).send({ type: "woke" });
    pod.send({ type: "started", container: "main", attempt: 0, containerID: "x" });
    expect(pod.state).toBe(state);
  });

  it("ignores an event about another try, and about a container that it does not have", () => {
    const pod = new Driver(podOf(["main"])).ready();
    const { state } = pod;
    pod.send({ type: "pulled", container: "main", attempt: 2, imageID: "x" });
    pod.send({ type: "pulled", container: "nobody", attempt: 1, imageID: "x" });
    expect(pod.state).toBe(state);
  });
});

describe("mounting", () => {
  it("is tried again with growing delays while that may help", () => {
    const pod = new Driver(podOf(["main"])).send({ type: "admitted" });
    pod.send({ type: "mountFailed", message: 'configmap "c" not found', retryable: true });
    expect(pod.work()).toEqual([]);
    expect(pod.wakeAt()).toBe(0.5);
    pod.until(0.5);
    expect(pod.work()).toEqual(["mount"]);
    pod.send({ type: "mountFailed", message: "still not", retryable: true });
    expect(pod.wakeAt()).toBe(1.5);
  });

  it("is tried again at once when something that the pod names has changed", () => {
    const pod = new Driver(podOf(["main"])).send({ type: "admitted" });
    pod.send({ type: "objectChanged" });
    expect(pod.work()).toEqual(["mount"]);
    pod.send({ type: "mountFailed", message: 'configmap "c" not found', retryable: true });
    expect(pod.work()).toEqual([]);
    pod.send({ type: "objectChanged" });
    expect(pod.work()).toEqual(["mount"]);
    expect(pod.wakeAt()).toBeUndefined();
  });

  it("fails the pod where it never will help, and undoes what was made", () => {
    const pod = new Driver(podOf(["main"])).send({ type: "admitted" });
    pod.send({ type: "mountFailed", message: "escapes", retryable: false });
    expect(pod.work()).toEqual(["unmount"]);
    expect(statusOf(pod.send({ type: "unmounted" }).state)).toMatchObject({
      phase: "Failed",
      reason: "FailedMount",
      message: "escapes",
    });
  });

  it("unmounts again when that failed", () => {
    const pod = new Driver(podOf(["main"])).send({ type: "admitted" }).send({ type: "deleted" });
    pod.send({ type: "unmountFailed", message: "busy" });
    expect(pod.work()).toEqual([]);
    expect(pod.until(1).work()).toEqual(["unmount"]);
    expect(pod.send({ type: "unmounted" }).state.name).toBe("Gone");
  });
});

describe("restart policy", () => {
  it.each([
    ["Always", 0, true],
    ["Always", 1, true],
    ["OnFailure", 0, false],
    ["OnFailure", 1, true],
    ["Never", 0, false],
    ["Never", 1, false],
    [undefined, 0, true],
  ])("%s after exit code %i restarts: %s", (restartPolicy, exitCode, restarts) => {
    const pod = new Driver(podOf(["main"], { restartPolicy })).ready().run("main").exited("main", exitCode);
    expect(pod.work()).toEqual([restarts ? "pull main 2" : "unmount"]);
    const ended = exitCode === 0 ? "Succeeded" : "Failed";
    expect(statusOf(pod.state).phase).toBe(restarts ? "Running" : ended);
  });

  it("is overridden by the container's own, and that by its rules", () => {
    const main = {
      name: "main",
      restartPolicy: "Never",
      restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }],
    };
    const pod = new Driver(podOf([main], { restartPolicy: "Always" })).ready().run("main").exited("main", 42);
    expect(pod.work()).toEqual(["pull main 2"]);
    expect(pod.run("main").exited("main", 1).work()).toEqual(["unmount"]);
  });

  it("counts a start that failed as a run where something had run", () => {
    const pod = new Driver(podOf(["main"], { restartPolicy: "Never" })).ready().pulled("main");
    pod.send({
      type: "startFailed",
      container: "main",
      attempt: 1,
      reason: "RunContainerError",
      message: "trap",
    });
    expect(pod.status("main").state.terminated).toMatchObject({
      exitCode: 128,
      reason: "StartError",
      message: "trap",
    });
    expect(statusOf(pod.state).phase).toBe("Failed");
  });

  it("tries a start that left nothing behind again every ten seconds, and counts no restart", () => {
    const pod = new Driver(podOf(["main"], { restartPolicy: "Never" })).ready();
    for (const attempt of [1, 2, 3]) {
      pod.pulled("main");
      const reason = "CreateContainerConfigError";
      pod.send({ type: "startFailed", container: "main", attempt, reason, message: 'secret "s" not found' });
      expect(pod.status("main").state.waiting).toEqual({ reason, message: 'secret "s" not found' });
      pod.until(attempt * 10);
      expect(pod.work()).toEqual([`pull main ${attempt + 1}`]);
    }
    expect(pod.run("main").status("main").restartCount).toBe(0);
  });

  it("tries such a start again at once when something that the pod names has changed, and no crash", () => {
    const pod = new Driver(podOf(["main", "crashing"])).ready();
    pod.pulled("main").run("crashing").exited("crashing", 1).run("crashing").exited("crashing", 1);
    const reason = "CreateContainerConfigError";
    pod.send({ type: "startFailed", container: "main", attempt: 1, reason, message: 'secret "s" not found' });
    expect(pod.work()).toEqual([]);
    pod.send({ type: "objectChanged" });
    expect(pod.work()).toEqual(["pull main 2"]);
  });
});

describe("back-off", () => {
  it("restarts at once, then after 10, 20, 40, 80, 160, 300, 300 seconds from when it finished", () => {
    const pod = new Driver(podOf(["main"])).ready();
    const waits: number[] = [];
    for (let crash = 0; crash < 8; crash += 1) {
      pod.run("main");
      pod.until(pod.seconds + 3).exited("main", 1);
      const finished = pod.seconds;
      waits.push((pod.wakeAt() ?? finished) - finished);
      pod.until(pod.wakeAt() ?? finished);
      expect(pod.work()).toEqual([`pull main ${crash + 2}`]);
    }
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it.each([
    [60_000, [0, 10, 20, 40, 60, 60]],
    [1000, [0, 1, 1, 1]],
  ])("waits %d milliseconds at most where the node says so", (maxRestartDelayMs, expected) => {
    const pod = new Driver(podOf(["main"]), { maxRestartDelayMs }).ready();
    const waits = expected.map(() => {
      pod.run("main");
      pod.until(pod.seconds + 3).exited("main", 1);
      const finished = pod.seconds;
      const wait = (pod.wakeAt() ?? finished) - finished;
      pod.until(pod.wakeAt() ?? finished);
      return wait;
    });
    expect(waits).toEqual(expected);
  });

  it("is forgotten after a run of more than ten minutes", () => {
    const pod = new Driver(podOf(["main"])).ready();
    pod.run("main").exited("main", 1).run("main").exited("main", 1);
    expect(pod.wakeAt()).toBe(10);
    pod
      .until(10)
      .run("main")
      .until(10 + 600)
      .exited("main", 1);
    expect(pod.wakeAt()).toBe(610 + 20);
    pod
      .until(630)
      .run("main")
      .until(630 + 601)
      .exited("main", 1);
    expect(pod.work()).toEqual(["pull main 5"]);
    pod.run("main").exited("main", 1);
    expect(pod.wakeAt()).toBe(1231 + 10);
  });

  it("of pulls grows from 10 to 300 seconds and ends with the first that succeeds", () => {
    const pod = new Driver(podOf(["main"])).ready();
    const waits: number[] = [];
    for (let failure = 0; failure < 7; failure += 1) {
      const attempt = pod.attempt("main");
      pod.send({
        type: "pullFailed",
        container: "main",
        attempt,
        reason: "ErrImagePull",
        message: "no route",
      });
      const failedAt = pod.seconds;
      pod.until(failedAt + 5);
      waits.push((pod.wakeAt() ?? 0) - failedAt);
      pod.until(pod.wakeAt() ?? 0);
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300]);
    pod.run("main").exited("main");
    const failedAt = pod.seconds;
    pod.send({
      type: "pullFailed",
      container: "main",
      attempt: pod.attempt("main"),
      reason: "ErrImagePull",
      message: "",
    });
    expect(pod.wakeAt()).toBe(failedAt + 5);
    expect((pod.until(failedAt + 5).wakeAt() ?? 0) - failedAt).toBe(10);
  });

  it("is none of pulls that the node refuses: they are tried again every ten seconds", () => {
    const pod = new Driver(podOf(["main"])).ready();
    for (const at of [10, 20, 30, 40]) {
      const attempt = pod.attempt("main");
      pod.send({ type: "pullFailed", container: "main", attempt, reason: "ErrImageNeverPull", message: "" });
      expect(pod.wakeAt()).toBe(at);
      pod.until(at);
    }
  });
});

describe("init containers and sidecars", () => {
  const initContainers = [{ name: "one" }, sidecar, { name: "two" }];

  it("begin one after the other, each when the one before is done or started", () => {
    const pod = new Driver(podOf(["main", "more"], { initContainers })).ready();
    expect(pod.work()).toEqual(["pull one 1"]);
    expect(pod.run("one").work()).toEqual([]);
    expect(pod.exited("one").work()).toEqual(["pull side 1"]);
    expect(pod.pulled("side").work()).toEqual(["start side 1"]);
    expect(pod.started("side").work()).toEqual(["pull two 1"]);
    expect(pod.run("two").work()).toEqual([]);
    expect(pod.exited("two").work()).toEqual(["pull main 1", "pull more 1"]);
    expect(statusOf(pod.state).phase).toBe("Pending");
    expect(statusOf(pod.run("main", "more").state).phase).toBe("Running");
  });

  it("fail the pod where they may not run again, and stop the sidecars", () => {
    const pod = new Driver(
      podOf(["main"], { initContainers: [sidecar, { name: "two" }], restartPolicy: "Never" }),
    );
    pod.ready().run("side", "two").exited("two", 3);
    expect(pod.work()).toEqual(["terminate side 1"]);
    expect(statusOf(pod.state).phase).toBe("Pending");
    expect(statusOf(pod.exited("side", 143).state).phase).toBe("Failed");
  });

  it("are tried again with back-off otherwise", () => {
    const pod = new Driver(
      podOf(["main"], { initContainers: [{ name: "one" }], restartPolicy: "OnFailure" }),
    ).ready();
    pod.run("one").exited("one", 1).run("one").exited("one", 1);
    expect(pod.wakeAt()).toBe(10);
    expect(statusOf(pod.state).phase).toBe("Pending");
    expect(pod.until(10).run("one").exited("one").work()).toEqual(["pull main 1"]);
  });

  it("that are sidecars run again even under Never, and stop last, in reverse order", () => {
    const pod = new Driver(
      podOf(["main"], { initContainers: [sidecar, other], restartPolicy: "Never" }),
    ).ready();
    pod.run("side", "other", "main").exited("side", 0);
    expect(pod.work()).toEqual(["pull side 2"]);
    pod.run("side").exited("main");
    expect(pod.work()).toEqual(["terminate other 1"]);
    expect(statusOf(pod.state).phase).toBe("Running");
    expect(pod.exited("other", 143).work()).toEqual(["terminate side 2"]);
    expect(pod.exited("side", 143).work()).toEqual(["unmount"]);
    expect(statusOf(pod.state).phase).toBe("Succeeded");
  });

  it("that are sidecars hold up the next one while their startup probe has not succeeded", () => {
    const guarded = { ...sidecar, startupProbe: {} };
    const pod = new Driver(podOf(["main"], { initContainers: [guarded] }), { probes: true })
      .ready()
      .run("side");
    expect(pod.work()).toEqual([]);
    pod.send({ type: "probed", container: "side", attempt: 1, probe: "startup", success: true });
    expect(pod.work()).toEqual(["pull main 1"]);
  });
});

describe("deletion", () => {
  const reached: Record<PodStateName, (pod: Driver) => Driver> = {
    Registered: (pod) => pod,
    Mounting: (pod) => pod.send({ type: "admitted" }),
    Running: (pod) => pod.ready().run("main"),
    Terminating: (pod) =>
      pod.ready().run("main").send({ type: "evicted", reason: "Evicted", message: "full" }),
    Unmounting: (pod) => pod.ready().run("main").exited("main"),
    Finished: (pod) => pod.ready().run("main").exited("main").send({ type: "unmounted" }),
    Gone: (pod) => pod.send({ type: "deleted" }).send({ type: "unmounted" }),
  };

  it.each(Object.entries(reached))("from %s ends in Gone, told once or twice", (name, reach) => {
    for (const times of [1, 2]) {
      const pod = reach(new Driver(podOf(["main"], { restartPolicy: "Never" })));
      expect(pod.state.name).toBe(name);
      for (let time = 0; time < times; time += 1) pod.send({ type: "deleted" });
      if (pod.state.name === "Terminating") pod.exited("main", 143);
      pod.send({ type: "unmounted" });
      expect(pod.state.name).toBe("Gone");
      expect(statusOf(pod.state).phase).toMatch(/Succeeded|Failed/);
    }
  });

  it("asks the containers to stop and kills what has not when the grace period is over", () => {
    const pod = new Driver(podOf(["main", "more"])).ready().run("main", "more").send({ type: "deleted" });
    expect(pod.work()).toEqual(["terminate main 1", "terminate more 1"]);
    pod.exited("more", 143);
    expect(pod.work()).toEqual(["terminate main 1"]);
    expect(pod.wakeAt()).toBe(30);
    expect(pod.until(30).work()).toEqual(["kill main 1"]);
    expect(statusOf(pod.state).phase).toBe("Running");
    pod.exited("main", 137).send({ type: "unmounted" });
    expect(statusOf(pod.state).phase).toBe("Failed");
    expect(pod.status("main").state.terminated?.exitCode).toBe(137);
  });

  it("by an object that leaves no time asks the containers to stop all the same, as the kubelet does", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main");
    const object = podOf(["main"]);
    const metadata = { ...object.metadata, deletionTimestamp: pod.at(0), deletionGracePeriodSeconds: 0 };
    pod.send({ type: "changed", pod: { ...object, metadata } });
    expect(pod.work()).toEqual(["terminate main 1"]);
    expect(pod.until(2).work()).toEqual(["kill main 1"]);
  });

  it("can only shorten a grace period, and 0 kills at once", () => {
    const pod = new Driver(podOf(["main"]))
      .ready()
      .run("main")
      .send({ type: "deleted", gracePeriodSeconds: 20 });
    pod.until(1).send({ type: "deleted", gracePeriodSeconds: 100 });
    expect(pod.wakeAt()).toBe(20);
    pod.send({ type: "deleted", gracePeriodSeconds: 5 });
    expect(pod.wakeAt()).toBe(6);
    pod.send({ type: "deleted", gracePeriodSeconds: 0 });
    expect(pod.work()).toEqual(["kill main 1"]);
  });

  it("gives the sidecars what is left of the grace period, and never more", () => {
    const pod = new Driver(podOf(["main"], { initContainers: [sidecar] })).ready().run("side", "main");
    pod
      .send({ type: "deleted", gracePeriodSeconds: 20 })
      .until(1)
      .send({ type: "deleted", gracePeriodSeconds: 100 });
    pod.until(5).exited("main", 143);
    expect(pod.actions()[0]).toMatchObject({ do: "terminate", container: "side", gracePeriodSeconds: 20 });
    expect(pod.wakeAt()).toBe(20);
    pod.until(19.5).send({ type: "evicted", reason: "Evicted", message: "full" });
    expect(pod.wakeAt()).toBe(20);
  });

  it("leaves a container two seconds whose turn to stop comes when the grace period is over", () => {
    const pod = new Driver(podOf(["main"], { initContainers: [sidecar] })).ready().run("side", "main");
    pod.send({ type: "deleted", gracePeriodSeconds: 10 }).until(10).exited("main", 137);
    expect(pod.wakeAt()).toBe(12);
  });

  it("takes a deletionTimestamp for it, with its grace period", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main");
    const { pod: object } = pod.state.facts;
    const metadata = { ...object.metadata, deletionTimestamp: pod.at(7), deletionGracePeriodSeconds: 7 };
    pod.send({ type: "changed", pod: { ...object, metadata } });
    expect(pod.work()).toEqual(["terminate main 1"]);
    expect(pod.wakeAt()).toBe(7);
  });

  it("deletes the object when nothing of the pod is left, and keeps its status until the object is gone", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main");
    const { pod: object } = pod.state.facts;
    const metadata = { ...object.metadata, deletionTimestamp: pod.at(7), deletionGracePeriodSeconds: 7 };
    pod.send({ type: "changed", pod: { ...object, metadata } }).exited("main", 143);
    expect(pod.work()).toEqual(["unmount"]);
    pod.send({ type: "unmounted" });
    expect(pod.state.name).toBe("Finished");
    expect(pod.work()).toEqual(["delete"]);
    pod.send({ type: "deleteFailed", message: "503" });
    expect(pod.work()).toEqual([]);
    expect(pod.wakeAt()).toBe(0.5);
    expect(pod.until(0.5).actions()[0]?.key).toBe("delete/2");
    expect(statusOf(pod.state).phase).toBe("Failed");
    expect(pod.send({ type: "deleted" }).state.name).toBe("Gone");
  });

  it("deletes the object of a pod that had ended before", () => {
    const pod = new Driver(podOf(["main"], { restartPolicy: "Never" })).ready().run("main").exited("main");
    pod.send({ type: "unmounted" });
    const { pod: object } = pod.state.facts;
    pod.send({
      type: "changed",
      pod: { ...object, metadata: { ...object.metadata, deletionTimestamp: pod.at(7) } },
    });
    expect(pod.work()).toEqual(["delete"]);
    expect(statusOf(pod.state).phase).toBe("Succeeded");
  });

  it("ignores the change of another pod of the same name", () => {
    const pod = new Driver(podOf(["main"])).ready();
    const { state } = pod;
    pod.send({ type: "changed", pod: { metadata: { uid: "u2", deletionTimestamp: pod.at(1) } } });
    expect(pod.state).toBe(state);
  });

  it("cancels a pull", () => {
    const pod = new Driver(podOf(["main"])).ready().send({ type: "deleted" });
    expect(pod.work()).toEqual(["unmount"]);
    expect(pod.status("main").state.terminated?.reason).toBe("ContainerStatusUnknown");
  });

  it("during a start kills whatever comes of it, also a start that had won the race", () => {
    const pod = new Driver(podOf(["main"])).ready().pulled("main").send({ type: "deleted" });
    expect(pod.work()).toEqual(["kill main 1"]);
    pod.started("main");
    expect(pod.work()).toEqual(["kill main 1"]);
    expect(pod.status("main").state.running).toBeDefined();
    expect(pod.exited("main", 137).work()).toEqual(["unmount"]);
  });

  it("asks again for as long as no kill is answered, and ends with the answer", () => {
    const pod = new Driver(podOf(["main"]))
      .ready()
      .run("main")
      .send({ type: "deleted", gracePeriodSeconds: 0 });
    pod.until(59);
    expect(pod.actions()[0]?.key).toBe("kill/main/1/6");
    pod.until(3600);
    expect(pod.actions()[0]?.key).toBe("kill/main/1/361");
    expect(pod.status("main").state.running).toBeDefined();
    expect(pod.exited("main", 137).work()).toEqual(["unmount"]);
  });

  it("makes a pod of which all ended with 0 Succeeded, even one that would have run again", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main").exited("main").run("main").exited("main");
    expect(pod.status("main").state.waiting?.reason).toBe("CrashLoopBackOff");
    expect(statusOf(pod.send({ type: "deleted" }).state).phase).toBe("Succeeded");
  });
});

describe("deadline and eviction", () => {
  it("fails the pod when activeDeadlineSeconds are over since it was seen", () => {
    const pod = new Driver(podOf(["main"], { activeDeadlineSeconds: 60, terminationGracePeriodSeconds: 5 }));
    pod.until(20).ready().run("main");
    expect(pod.wakeAt()).toBe(60);
    pod.until(60);
    expect(pod.work()).toEqual(["terminate main 1"]);
    expect(pod.wakeAt()).toBe(65);
    pod.exited("main", 0).send({ type: "unmounted" });
    expect(pod.state.name).toBe("Finished");
    expect(statusOf(pod.state)).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
  });

  it("keeps the first reason", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main");
    pod.send({ type: "evicted", reason: "Evicted", message: "low on memory" }).send({ type: "deleted" });
    pod.exited("main", 143).send({ type: "unmounted" });
    expect(pod.state.name).toBe("Gone");
    expect(statusOf(pod.state)).toMatchObject({
      phase: "Failed",
      reason: "Evicted",
      message: "low on memory",
    });
  });

  it("takes a deadline that was set on the living pod", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main").until(100);
    const { pod: object } = pod.state.facts;
    pod.send({ type: "changed", pod: { ...object, spec: { containers: [], activeDeadlineSeconds: 50 } } });
    expect(pod.work()).toEqual(["terminate main 1"]);
  });
});

describe("a changed image", () => {
  function change(pod: Driver, image: string): Driver {
    const { pod: object } = pod.state.facts;
    const containers = (object.spec?.containers ?? []).map((container) => ({ ...container, image }));
    return pod.send({ type: "changed", pod: { ...object, spec: { ...object.spec, containers } } });
  }

  it("restarts the container, whatever its policy, with a clean record", () => {
    const pod = change(
      new Driver(podOf(["main"], { restartPolicy: "Never" })).ready().run("main"),
      "main:v2",
    );
    expect(pod.work()).toEqual(["terminate main 1"]);
    pod.exited("main", 143);
    expect(pod.actions()).toEqual([
      { key: "pull/main/2", do: "pull", container: "main", attempt: 2, image: "main:v2" },
    ]);
    expect(pod.run("main").status("main")).toMatchObject({ image: "main:v2", restartCount: 1 });
    expect(pod.exited("main", 0).work()).toEqual(["unmount"]);
  });

  it("is pulled at once where the old one was waited for", () => {
    const pod = new Driver(podOf(["main"])).ready();
    pod.send({
      type: "pullFailed",
      container: "main",
      attempt: 1,
      reason: "InvalidImageName",
      message: "no",
    });
    expect(change(pod, "main:v2").work()).toEqual(["pull main 2"]);
  });

  it("does not make anything else of a sidecar", () => {
    const object = podOf(["main"], { initContainers: [sidecar], restartPolicy: "Never" });
    const pod = new Driver(object).ready();
    const initContainers = [{ ...sidecar, restartPolicy: undefined }];
    pod.send({
      type: "changed",
      pod: { ...object, spec: { ...object.spec, containers: [], initContainers } },
    });
    expect(pod.run("side").exited("side").work()).toEqual(["pull side 2", "pull main 1"]);
  });

  it("means nothing where only other fields changed", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main");
    expect(change(pod, "main:v1").work()).toEqual([]);
  });
});

describe("probes", () => {
  const main = {
    name: "main",
    livenessProbe: { terminationGracePeriodSeconds: 3 },
    readinessProbe: {},
    startupProbe: {},
  };

  function probed(pod: Driver, probe: "startup" | "readiness" | "liveness", success: boolean): Driver {
    return pod.send({ type: "probed", container: "main", attempt: pod.attempt("main"), probe, success });
  }

  it("decide whether a container has started and is ready", () => {
    const pod = new Driver(podOf([main]), { probes: true }).ready().run("main");
    expect(pod.status("main")).toMatchObject({ started: false, ready: false });
    expect(probed(pod, "startup", true).status("main")).toMatchObject({ started: true, ready: false });
    expect(probed(pod, "readiness", true).status("main")).toMatchObject({ started: true, ready: true });
    expect(probed(pod, "readiness", false).status("main")).toMatchObject({ started: true, ready: false });
  });

  it("end a container that is not alive, with the probe's own grace period, and it runs again", () => {
    const pod = probed(
      new Driver(podOf([main], { restartPolicy: "OnFailure" }), { probes: true }).ready().run("main"),
      "liveness",
      false,
    );
    expect(pod.work()).toEqual(["terminate main 1"]);
    expect(pod.wakeAt()).toBe(3);
    expect(pod.exited("main", 0).work()).toEqual(["pull main 2"]);
  });

  it("never begin a second run while the first one does not answer its kill", () => {
    const pod = new Driver(podOf([main]), { probes: true }).ready().run("main");
    expect(probed(pod, "liveness", false).until(500).work()).toEqual(["kill main 1"]);
    expect(pod.send({ type: "deleted" }).until(511).work()).toEqual(["kill main 1"]);
    expect(pod.exited("main", 137).work()).toEqual(["unmount"]);
  });

  it("that fail mean nothing any more once the pod is to end", () => {
    const side = { ...sidecar, livenessProbe: {} };
    const pod = new Driver(podOf(["main"], { initContainers: [side] }), { probes: true })
      .ready()
      .run("side", "main");
    pod.send({ type: "deleted" });
    pod.send({ type: "probed", container: "side", attempt: 1, probe: "liveness", success: false });
    expect(pod.work()).toEqual(["terminate main 1"]);
  });

  it("that failed count only against the run they are about", () => {
    const failed = { type: "probed", container: "main", probe: "liveness", success: false } as const;
    const pod = new Driver(podOf([main]), { probes: true }).send({ ...failed, attempt: 0 }).ready();
    expect(pod.work()).toEqual(["pull main 1"]);
    for (const step of ["pull main 1", "start main 1"]) {
      expect(pod.send({ ...failed, attempt: 1 }).work()).toEqual([step]);
      if (step.startsWith("pull")) pod.pulled("main");
    }
    pod.started("main").exited("main", 1).run("main");
    expect(pod.send({ ...failed, attempt: 1 }).work()).toEqual([]);
    expect(pod.send({ ...failed, attempt: 2 }).work()).toEqual(["terminate main 2"]);
  });

  it("that nobody runs count as succeeded", () => {
    const pod = new Driver(podOf([main])).ready().run("main");
    expect(pod.status("main")).toMatchObject({ started: true, ready: true });
  });
});

describe("a pod that another process had begun", () => {
  it("takes up its restart counts, and restarts what was lost", () => {
    const running = {
      name: "main",
      restartCount: 2,
      state: { running: {} },
      imageID: "i",
      containerID: "wasi://x",
    };
    const pod = new Driver(podOf(["main"], {}, { phase: "Running", containerStatuses: [running] })).ready();
    expect(statusOf(pod.state).phase).toBe("Running");
    expect(pod.status("main").lastState.terminated).toMatchObject({
      exitCode: 137,
      reason: "ContainerStatusUnknown",
    });
    expect(pod.run("main").status("main").restartCount).toBe(3);
  });

  it("counts one restart of what was lost, however often the process ends before that begins", () => {
    const running = { name: "main", restartCount: 0, state: { running: {} }, containerID: "wasi://x" };
    const kept = checkpointOf(new Driver(podOf(["main"])).ready().run("main").state);
    let status: PodLike["status"] = { phase: "Running", containerStatuses: [running] };
    for (let restart = 0; restart < 3; restart += 1) {
      const state = initialState(podOf(["main"], {}, status), new Date(restart), {}, kept);
      expect(state.facts.containers[0]).toMatchObject({ exits: 1, state: { name: "Waiting" } });
      status = statusOf(state);
      expect(status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { waiting: {} } });
    }
    expect(new Driver(podOf(["main"], {}, status)).ready().run("main").status("main").restartCount).toBe(1);
  });

  it("does not run a pod again whose phase is final", () => {
    const terminated = { exitCode: 4 };
    const status = {
      phase: "Failed",
      reason: "R",
      containerStatuses: [{ name: "main", restartCount: 0, state: { terminated } }],
    };
    const pod = new Driver(podOf(["main"], {}, status));
    expect(pod.work()).toEqual(["unmount"]);
    expect(pod.send({ type: "unmounted" }).state.name).toBe("Finished");
    expect(pod.actions()).toEqual([]);
    expect(statusOf(pod.state)).toMatchObject({ phase: "Failed", reason: "R" });
    expect(pod.status("main").state.terminated?.exitCode).toBe(4);
  });

  it("is not run if it was deleted before it was seen: it fails, and its object is deleted", () => {
    const object = podOf(["main"]);
    const pod = new Driver({ ...object, metadata: { ...object.metadata, deletionTimestamp: new Date(0) } });
    expect(pod.work()).toEqual(["unmount"]);
    expect(statusOf(pod.state).phase).toBe("Failed");
    expect(pod.send({ type: "unmounted" }).work()).toEqual(["delete"]);
  });

  it("is not run again if all that it was to do is done, whatever its phase says", () => {
    for (const [exitCode, phase] of [
      [0, "Succeeded"],
      [3, "Failed"],
    ] as const) {
      const containerStatuses = [{ name: "main", restartCount: 0, state: { terminated: { exitCode } } }];
      const spec = { restartPolicy: "Never" };
      const pod = new Driver(podOf(["main"], spec, { phase: "Running", containerStatuses })).until(0);
      pod.send({ type: "woke" });
      expect(pod.work()).toEqual(["unmount"]);
      expect(statusOf(pod.state).phase).toBe(phase);
    }
  });
});

describe("junk", () => {
  it("in a manifest's numbers does not stop the machine", () => {
    for (const seconds of [Number.NaN, Infinity, -Infinity, -1, 1e300]) {
      const spec = { activeDeadlineSeconds: seconds, terminationGracePeriodSeconds: seconds };
      const pod = new Driver(podOf(["main"], spec))
        .ready()
        .run("main")
        .send({ type: "deleted", gracePeriodSeconds: 0 });
      // A deadline that is over from the start has ended the pod before.
      if (pod.work().includes("kill main 1")) pod.exited("main", 137);
      pod.until(100).send({ type: "unmounted" });
      expect(["Gone", "Unmounting"]).toContain(pod.state.name);
    }
  });

  it("instead of a pod has nothing to do", () => {
    const state = new Driver({}).ready().state;
    expect(statusOf(state)).toMatchObject({ phase: "Succeeded", qosClass: "BestEffort" });
    expect(transition(state, { type: "deleted", at: new Date(Number.NaN) }).name).toBe("Unmounting");
  });
});
