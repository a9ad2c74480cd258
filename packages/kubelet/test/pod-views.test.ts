import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

import { logPathOf } from "@krustlet/cri-log";
import { expect, it } from "vitest";

import { eventOfFailure } from "../src/index.ts";
import { openBench, podOf } from "./fakes.ts";
import type { Bench } from "./fakes.ts";

const statusOf = (bench: Bench): NonNullable<ReturnType<Bench["kubelet"]["pods"]>[number]["status"]> =>
  bench.kubelet.findPod("default", "pod")!.status!;

it("shows pods with their newest status, and which of them run", async () => {
  await using bench = await openBench();
  bench.add(podOf([{ name: "app" }], {}, { name: "a" }));
  bench.add(podOf([{ name: "app" }], {}, { name: "b" }));
  await bench.started(1);
  bench.containers.find(({ plan }) => plan.pod.name === "a")?.exit(0);
  await bench.until(() => bench.kubelet.findPod("default", "a")?.status?.phase === "Succeeded");
  expect(bench.kubelet.pods().map(({ metadata, kind }) => [kind, metadata?.name])).toStrictEqual([
    ["Pod", "a"],
    ["Pod", "b"],
  ]);
  expect(bench.kubelet.runningPods().map(({ metadata }) => metadata?.name)).toStrictEqual(["b"]);
  expect(bench.kubelet.findPod("other", "b")).toBeUndefined();
  expect(await bench.kubelet.usage()).toMatchObject([{ pod: { name: "b" }, container: "app", cpuMicros: 0 }]);
});

it("finds the log of each run that is kept, and tells when it is complete", async () => {
  await using bench = await openBench();
  const pod = podOf([{ name: "app" }], { restartPolicy: "Always" });
  bench.add(pod);
  const first = await bench.started();
  await first.print("first\n");
  const current = statusOf(bench).containerStatuses?.[0]?.containerID ?? "";
  const log = bench.kubelet.logOf(pod, "app", current);
  expect(log?.ended.aborted).toBe(false);
  first.exit(0);
  await bench.until(() => log?.ended.aborted === true);
  expect(await readFile(log!.path, "utf8")).toContain("first");

  const second = await bench.started(1);
  await bench.until(() => bench.steps.filter(({ event }) => event.type === "started").length === 2);
  const [status] = statusOf(bench).containerStatuses ?? [];
  const previous = status?.lastState?.terminated?.containerID;
  expect(previous).toBe(current);
  const previousLog = bench.kubelet.logOf(pod, "app", previous!);
  expect(previousLog).toMatchObject({ path: log?.path, ended: { aborted: true } });
  const now = bench.kubelet.logOf(pod, "app", status!.containerID!);
  expect(now?.path).not.toBe(log?.path);
  expect(bench.kubelet.logOf(pod, "app", "wasi://nobody")).toBeUndefined();
  expect(bench.kubelet.logOf(pod, "nobody", current)).toBeUndefined();

  // In back-off the last run is the second one.
  second.exit(1);
  await bench.until(() => statusOf(bench).containerStatuses?.[0]?.state?.waiting !== undefined);
  expect(bench.kubelet.logOf(pod, "app", status!.containerID!)?.path).toBe(now?.path);
});

it("keeps the logs of a container's last two runs", async () => {
  await using bench = await openBench();
  const pod = podOf([{ name: "app" }], { restartPolicy: "Always" });
  bench.add(pod);
  (await bench.started(0)).exit(1);
  (await bench.started(1)).exit(1);
  await bench.until(() => bench.clock.sleeping > 0);
  await bench.clock.advance(10_000);
  const { key } = { key: (await bench.started(2)).plan.pod };
  await bench.until(() => !existsSync(logPathOf(bench.rootDir, key, "app", 0)), "the oldest log's end");
  expect(existsSync(logPathOf(bench.rootDir, key, "app", 1))).toBe(true);
});

it("tells Events of kills that failed, and of nothing that a step of the pod tells", () => {
  const pod = { namespace: "default", name: "pod", uid: "1" };
  const failure = { pod, container: "app", error: new Error("no") };
  expect(eventOfFailure({ ...failure, action: "kill" })).toStrictEqual({
    type: "Warning",
    reason: "FailedKillPod",
    message: 'error killing pod: failed to "KillContainer" for "app" with KillContainerError: "no"',
  });
  expect(eventOfFailure({ ...failure, action: "pull" })).toBeUndefined();
});

it("tells an Event of a volume of a running pod that cannot be brought up to date", () => {
  const pod = { namespace: "default", name: "pod", uid: "1" };
  const error = Object.assign(new Error("long"), { volume: "v", detail: 'configmap "gone" not found' });
  expect(eventOfFailure({ pod, action: "refresh", error })).toStrictEqual({
    type: "Warning",
    reason: "FailedMount",
    message: 'MountVolume.SetUp failed for volume "v" : configmap "gone" not found',
  });
});

it("shows times in seconds, and of termination messages no more than a pod may have", async () => {
  await using bench = await openBench();
  const names = ["a", "b", "c", "d"];
  bench.add(podOf(names.map((name) => ({ name }))));
  await bench.started(3);
  await bench.clock.advance(1234);
  for (const container of bench.containers) container.exit(1, { message: "\u00e9".repeat(2047) + "x" });
  await bench.until(() => bench.state === "Finished");
  await bench.until(() => bench.statuses.at(-1)?.phase === "Failed");
  for (const { state } of bench.statuses.at(-1)?.containerStatuses ?? []) {
    expect(Buffer.byteLength(state.terminated?.message ?? "")).toBe(3072);
    expect(state.terminated?.message).toMatch(/^\u00e9+$/u);
    expect(state.terminated?.finishedAt?.getMilliseconds()).toBe(0);
  }
});
