import { eventsOf } from "@krustlet/pod-machine";
import type { PullFailure } from "@krustlet/pod-machine";
import { describe, expect, it } from "vitest";
import { Driver, podOf } from "./driver.ts";

/** The Events of what `act` makes of `pod`, as text. */
function told(pod: Driver, act: (pod: Driver) => unknown): readonly string[] {
  const before = pod.state;
  act(pod);
  return eventsOf(before, pod.state).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}

describe("eventsOf", () => {
  it("tells a container's ordinary life in the kubelet's words", () => {
    const pod = new Driver(podOf(["main"])).ready();
    expect(told(pod, () => pod.send({ type: "pulling", container: "main", attempt: 1 }))).toEqual([
      'Normal Pulling: Pulling image "main:v1"',
    ]);
    const pull = { durationMs: 1234, waitedMs: 100, bytes: 42 };
    expect(
      told(pod, () => pod.send({ type: "pulled", container: "main", attempt: 1, imageID: "i", pull })),
    ).toEqual([
      'Normal Pulled: Successfully pulled image "main:v1" in 1.234s (1.334s including waiting). Image size: 42 bytes.',
    ]);
    expect(told(pod, () => pod.started("main"))).toEqual([
      "Normal Created: Container created",
      "Normal Started: Container started",
    ]);
    expect(told(pod, () => pod.send({ type: "deleted" }))).toEqual([
      "Normal Killing: Stopping container main",
    ]);
    expect(told(pod, () => pod.until(30))).toEqual([]);
    expect(told(pod, () => pod.exited("main", 137))).toEqual([]);
  });

  it("says that an image was there, and tells nothing twice", () => {
    const pod = new Driver(podOf(["main"])).ready();
    expect(told(pod, () => pod.pulled("main"))).toEqual([
      'Normal Pulled: Container image "main:v1" already present on machine and can be accessed by the pod',
    ]);
    expect(told(pod, () => pod.pulled("main"))).toEqual([]);
    expect(eventsOf(pod.state, pod.state)).toEqual([]);
  });

  it("tells pulls that fail, by what is wrong with them", () => {
    const fail = (reason: PullFailure, until = 4): readonly string[] => {
      const pod = new Driver(podOf(["main"])).ready();
      const failed = {
        type: "pullFailed",
        container: "main",
        attempt: 1,
        reason,
        message: "because",
      } as const;
      const first = told(pod, () => pod.send(failed));
      return [...first, ...told(pod, () => pod.until(until))];
    };
    expect(fail("ErrImagePull")).toEqual([
      'Warning Failed: Failed to pull image "main:v1": because',
      "Warning Failed: Error: ErrImagePull",
    ]);
    expect(fail("RegistryUnavailable", 9)).toEqual([
      'Warning Failed: Failed to pull image "main:v1": RegistryUnavailable: because',
      "Warning Failed: Error: RegistryUnavailable",
      'Normal BackOff: Back-off pulling image "main:v1"',
      "Warning Failed: Error: ImagePullBackOff",
    ]);
    expect(fail("ErrImageNeverPull", 9)).toEqual([
      'Warning ErrImageNeverPull: Container image "main:v1" is not present with pull policy of Never',
      "Warning Failed: Error: ErrImageNeverPull",
    ]);
    expect(fail("InvalidImageName", 9)).toEqual([
      'Warning InspectFailed: Failed to apply default image tag "main:v1": because',
      "Warning Failed: Error: InvalidImageName",
    ]);
    expect(fail("ImageInspectError", 9)).toEqual([
      'Warning InspectFailed: Failed to inspect image "main:v1": because',
      "Warning Failed: Error: ImageInspectError",
    ]);
  });

  it("tells starts that fail", () => {
    const pod = new Driver(podOf(["main", "more"])).ready().pulled("main", "more");
    const failed = { type: "startFailed", attempt: 1 } as const;
    const reason = "CreateContainerConfigError";
    expect(
      told(pod, () => pod.send({ ...failed, container: "main", reason, message: 'secret "x" not found' })),
    ).toEqual(['Warning Failed: Error: secret "x" not found']);
    expect(
      told(pod, () => pod.send({ ...failed, container: "more", reason: "StartError", message: "no memory" })),
    ).toEqual(["Normal Created: Container created", "Warning Failed: Error: no memory"]);
  });

  it("tells of a container that waits after a crash", () => {
    const pod = new Driver(podOf(["main"])).ready().run("main").exited("main", 1).run("main");
    expect(told(pod, () => pod.exited("main", 1))).toEqual([
      "Warning BackOff: Back-off restarting failed container main in pod p_ns(u1)",
    ]);
  });

  it("names the container and its field", () => {
    const pod = new Driver(podOf(["main"], { initContainers: [{ name: "one", image: "one:v1" }] })).ready();
    const before = pod.state;
    pod.pulled("one");
    expect(eventsOf(before, pod.state)).toMatchObject([
      { container: "one", fieldPath: "spec.initContainers{one}" },
    ]);
    pod.started("one").exited("one");
    const later = pod.state;
    pod.pulled("main");
    expect(eventsOf(later, pod.state)).toMatchObject([
      { container: "main", fieldPath: "spec.containers{main}" },
    ]);
  });

  it("says why a container that goes on is stopped", () => {
    const main = { name: "main", image: "main:v1", livenessProbe: {} };
    const alive = new Driver(podOf([main]), { probes: true }).ready().run("main");
    const failed = {
      type: "probed",
      container: "main",
      attempt: 1,
      probe: "liveness",
      success: false,
    } as const;
    expect(told(alive, () => alive.send(failed))).toEqual([
      "Normal Killing: Container main failed liveness probe, will be restarted",
    ]);
    const same = new Driver(podOf([main])).ready().run("main");
    expect(
      told(same, () => same.send({ type: "changed", pod: podOf([{ ...main, image: "main:v2" }]) })),
    ).toEqual(["Normal Killing: Container main definition changed, will be restarted"]);
  });

  it("tells of a pod that an earlier process ran, once its volumes are there", () => {
    const containerStatuses = [
      { name: "main", restartCount: 0, containerID: "wasi://1", state: { running: {} } },
    ];
    const pod = new Driver(podOf(["main"], {}, { phase: "Running", containerStatuses }));
    expect(told(pod, () => pod.send({ type: "admitted" }))).toEqual([]);
    expect(told(pod, () => pod.send({ type: "mounted" }))).toEqual([
      "Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.",
    ]);
    const fresh = new Driver(podOf(["main"])).send({ type: "admitted" });
    expect(told(fresh, () => fresh.send({ type: "mounted" }))).toEqual([]);
  });

  it("tells what happens to the pod as a whole", () => {
    const pod = new Driver(podOf(["main"], { activeDeadlineSeconds: 9 })).send({ type: "admitted" });
    const message = 'MountVolume.SetUp failed for volume "v" : configmap "c" not found';
    expect(told(pod, () => pod.send({ type: "mountFailed", message, retryable: true }))).toEqual([
      `Warning FailedMount: ${message}`,
    ]);
    pod.until(1).send({ type: "mounted" }).run("main");
    expect(told(pod, () => pod.until(9))).toEqual([
      "Normal DeadlineExceeded: Pod was active on the node longer than the specified deadline",
      "Normal Killing: Stopping container main",
    ]);
    expect(told(pod, () => pod.exited("main", 143))).toEqual([]);
    const full = new Driver(podOf(["main"]));
    expect(told(full, () => full.send({ type: "rejected", reason: "OutOfcpu", message: "no cpu" }))).toEqual([
      "Warning OutOfcpu: no cpu",
    ]);
    const evicted = new Driver(podOf(["main"])).ready().run("main");
    const why = {
      type: "evicted",
      reason: "Evicted",
      message: "The node was low on resource: memory. ",
    } as const;
    expect(told(evicted, () => evicted.send(why))[0]).toBe(
      "Warning Evicted: The node was low on resource: memory. ",
    );
  });

  it("warns when a kill is not answered", () => {
    const pod = new Driver(podOf(["main"]))
      .ready()
      .run("main")
      .send({ type: "deleted", gracePeriodSeconds: 0 });
    expect(told(pod, () => pod.until(10))).toEqual([
      "Warning ExceededGracePeriod: Container runtime did not kill the pod within specified grace period.",
    ]);
  });
});
