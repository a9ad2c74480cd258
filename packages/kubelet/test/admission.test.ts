import type { ObjectKey } from "@krustlet/interface";
import type { PodStatus } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";

import type { KubeletInit } from "../src/index.ts";
import { openBench, podOf } from "./fakes.ts";
import type { Bench } from "./fakes.ts";

const named = (name: string): V1Pod => podOf([{ name: "app" }], {}, { name });
const names = (pods: readonly V1Pod[]): string => pods.map(({ metadata }) => metadata?.name).join(" ");

describe("admission", () => {
  it("asks for one pod after the other, each with those before it in view, and rejects for good", async () => {
    const asked: string[] = [];
    await using bench = await openBench({
      admit: async (pod, active) => {
        asked.push(`${pod.metadata?.name}: ${names(active)}`);
        await Promise.resolve();
        return active.length < 2 ? undefined : { reason: "OutOfpods", message: "no place" };
      },
    });
    for (const name of ["a", "b", "c"]) bench.add(named(name));
    await bench.until(() => asked.length === 3);
    expect(asked).toStrictEqual(["a: ", "b: a", "c: a b"]);
    await bench.until(() => bench.statuses.some(({ reason }) => reason === "OutOfpods"));
    expect(bench.statuses.find(({ reason }) => reason === "OutOfpods")).toMatchObject({
      phase: "Failed",
      message: "Pod was rejected: no place",
      containerStatuses: [],
    });
    await bench.started(1);
    expect(bench.containers).toHaveLength(2);
    // Rejecting is no failure of the kubelet.
    expect(bench.failures).toStrictEqual([]);
  });

  it("counts no pod that has ended, and none that was rejected", async () => {
    const asked: string[] = [];
    await using bench = await openBench({
      admit: (pod, active) => {
        asked.push(`${pod.metadata?.name}: ${names(active)}`);
        return pod.metadata?.name === "b" ? { reason: "OutOfcpu", message: "no" } : undefined;
      },
    });
    bench.add(named("a"));
    bench.add(named("b"));
    (await bench.started()).exit(0);
    await bench.until(() => bench.steps.some(({ state }) => state.facts.phase === "Succeeded"));
    bench.add(named("c"));
    await bench.until(() => asked.length === 3);
    expect(asked.at(-1)).toBe("c: ");
  });

  it("goes on with the others when a pod is removed while it waits for its turn", async () => {
    const asked: string[] = [];
    const first = Promise.withResolvers<undefined>();
    await using bench = await openBench({
      admit: (pod) => {
        asked.push(pod.metadata?.name ?? "");
        return asked.length === 1 ? first.promise : undefined;
      },
    });
    const pods = ["a", "b", "c"].map(named);
    for (const pod of pods) bench.add(pod);
    await bench.until(() => asked.length === 1);
    bench.remove(pods[1]!);
    first.resolve(undefined);
    await bench.started(1);
    expect(asked).toStrictEqual(["a", "c"]);
  });
});

describe("a critical pod for which there is no room", () => {
  /** A node of one place, which a pod named `critical` may take from another. */
  const onePlace = (asked: string[]): Partial<KubeletInit> => ({
    admit: (pod, active) => {
      asked.push(`${pod.metadata?.name}: ${names(active)}`);
      if (active.length === 0) return undefined;
      const short = { reason: "OutOfpods", message: "no place" };
      return pod.metadata?.name === "critical" ? { ...short, preempts: active } : short;
    },
  });
  const statusOf = (bench: Bench, reason: string): PodStatus | undefined =>
    bench.statuses.findLast((status) => status.reason === reason);

  it("is taken when the pod has ended that has to go for it", async () => {
    const asked: string[] = [];
    await using bench = await openBench(onePlace(asked));
    bench.add(named("a"));
    const container = await bench.started();
    container.stubborn = true;
    bench.add(named("critical"));
    await bench.until(() => container.terminated === 1);
    expect(bench.containers).toHaveLength(1);
    container.exit(0);
    await bench.started(1);
    expect(asked).toEqual(["a: ", "critical: a", "critical: "]);
    await bench.until(() => statusOf(bench, "Preempting") !== undefined);
    const status = statusOf(bench, "Preempting");
    expect(status).toMatchObject({ phase: "Failed", message: "Preempted in order to admit critical pod" });
    expect(status?.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
      reason: "TerminationByKubelet",
      message: "Pod was preempted by Kubelet to accommodate a critical pod.",
    });
    expect(bench.failures).toEqual([]);
  });

  it("is refused where that pod does not end in time", async () => {
    const asked: string[] = [];
    await using bench = await openBench(onePlace(asked));
    const unmounting = Promise.withResolvers<void>();
    bench.gate = (what) => (what === "unmount" ? unmounting.promise : undefined);
    const stays = podOf([{ name: "app" }], {}, { name: "a" });
    bench.add(stays);
    const container = await bench.started();
    container.stubborn = true;
    container.kill = () => Promise.resolve();
    bench.add(named("critical"));
    await bench.until(() => container.terminated === 1);
    await bench.clock.advance(120_000);
    await bench.until(() => statusOf(bench, "OutOfpods") !== undefined);
    expect(asked).toEqual(["a: ", "critical: a", "critical: a"]);
    container.exit(137);
    unmounting.resolve();
  });

  it("is waited for no longer when it is deleted, and the next one has its turn", async () => {
    const asked: string[] = [];
    await using bench = await openBench(onePlace(asked));
    bench.add(named("a"));
    const container = await bench.started();
    container.stubborn = true;
    const pod = named("critical");
    bench.add(pod);
    await bench.until(() => container.terminated === 1);
    bench.remove(pod);
    bench.add(named("b"));
    await bench.until(() => asked.length === 3);
    expect(asked.at(-1)).toBe("b: a");
    container.exit(0);
  });
});

describe("a pod's runtime", () => {
  it("is waited for while its class is not there, with an Event", async () => {
    let found = false;
    await using bench = await openBench({
      runtimeOf: () =>
        found ? { found: "runtime", runtime: "wasi" } : { found: "later", message: "no such class" },
    });
    bench.add(podOf());
    await bench.until(() => bench.steps.some(({ event }) => event.type === "mountFailed"));
    expect(bench.steps.at(-1)?.event).toMatchObject({ reason: "FailedCreatePodSandBox" });
    expect(bench.containers).toHaveLength(0);
    found = true;
    await bench.clock.advance(500);
    await bench.started();
    expect(bench.ledger.mistakes).toStrictEqual([]);
  });
});

it("a pod whose RuntimeClass is made while it waits has it at once", async () => {
  let found = false;
  const objectsChanged$ = new Subject<ObjectKey>();
  await using bench = await openBench({
    objectsChanged$,
    runtimeOf: () =>
      found ? { found: "runtime", runtime: "wasi" } : { found: "later", message: "no such class" },
  });
  bench.add(podOf([{ name: "app" }], { runtimeClassName: "wasm" }));
  await bench.until(() => bench.steps.some(({ event }) => event.type === "mountFailed"));
  found = true;
  const made = { kind: "RuntimeClass", namespace: "", name: "wasm" };
  objectsChanged$.next({ ...made, name: "other" });
  expect(bench.steps.at(-1)?.event.type).toBe("mountFailed");
  objectsChanged$.next(made);
  expect((await bench.started()).plan.name).toBe("app");
});

describe("the variables of Services", () => {
  it("are waited for, and lie under the container's own", async () => {
    const synced = Promise.withResolvers<Record<string, string>>();
    await using bench = await openBench({ serviceVariables: () => synced.promise });
    bench.add(podOf([{ name: "app", env: [{ name: "B", value: "$(A)" }] }]));
    await bench.until(() => bench.steps.some(({ event }) => event.type === "pulled"));
    expect(bench.containers).toHaveLength(0);
    synced.resolve({ A: "1", B: "2" });
    expect((await bench.started()).plan.env).toMatchObject({ A: "1", B: "1" });
  });

  it("do not hold up the pod's deletion", async () => {
    await using bench = await openBench({
      serviceVariables: (_pod, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    });
    const pod = podOf();
    bench.add(pod);
    await bench.until(() => bench.steps.some(({ event }) => event.type === "pulled"));
    bench.remove(pod);
    await bench.until(() => bench.state === "Gone");
    expect(bench.failures).toStrictEqual([]);
  });
});

it("tells who needs objects, from before the mount until the pod has ended", async () => {
  const told: string[] = [];
  await using bench = await openBench({
    objectUsers: {
      register: ({ metadata }) => void told.push(`+${metadata?.name}`),
      unregister: () => void told.push("-"),
    },
  });
  bench.gate = (what) => void (what === "mount" && told.push("mount"));
  bench.add(podOf());
  (await bench.started()).exit(0);
  await bench.until(() => bench.state === "Finished");
  expect(told).toStrictEqual(["+pod", "mount", "-"]);
});
