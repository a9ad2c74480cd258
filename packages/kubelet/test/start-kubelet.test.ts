import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";

import { logPathOf } from "@krustlet/cri-log";
import { KrustletError } from "@krustlet/interface";
import type { ObjectKey } from "@krustlet/interface";
import { eventsOf } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";

import { openBench, podOf } from "./fakes.ts";

describe("a pod's life", () => {
  it("goes from admission over mounts, images and starts to its end, and leaves nothing", async () => {
    await using bench = await openBench();
    const pod = podOf();
    bench.add(pod);
    (await bench.started()).exit(0);
    await bench.until(() => bench.state === "Finished");
    expect(
      bench.steps.map(({ state }) => state.name).filter((name, at, all) => name !== all[at - 1]),
    ).toStrictEqual(["Registered", "Mounting", "Running", "Unmounting", "Finished"]);
    expect(bench.ledger.held.size).toBe(0);
    expect(bench.status.phase).toBe("Succeeded");
    bench.remove(pod);
    await bench.until(() => bench.state === "Gone");
    expect(bench.failures).toStrictEqual([]);
  });

  it("runs init containers one after the other, then the others together", async () => {
    await using bench = await openBench();
    bench.add(
      podOf([{ name: "a" }, { name: "b" }], {
        initContainers: [
          { name: "i1", image: "i1" },
          { name: "i2", image: "i2" },
        ],
      }),
    );
    const first = await bench.started(0);
    expect(first.plan.name).toBe("i1");
    expect(bench.containers).toHaveLength(1);
    first.exit(0);
    const second = await bench.started(1);
    expect(second.plan.name).toBe("i2");
    second.exit(0);
    await bench.started(3);
    expect(
      bench.containers
        .slice(2)
        .map(({ plan }) => plan.name)
        .toSorted(),
    ).toStrictEqual(["a", "b"]);
  });

  it("starts a container again after its back-off, with the next log file", async () => {
    await using bench = await openBench();
    const pod = podOf([{ name: "app" }], { restartPolicy: "OnFailure" });
    bench.add(pod);
    (await bench.started(0)).exit(1);
    (await bench.started(1)).exit(1);
    await bench.until(() => bench.clock.sleeping > 0, "a back-off");
    expect(bench.containers).toHaveLength(2);
    await bench.clock.advance(10_000);
    const third = await bench.started(2);
    await third.print("third\n");
    third.exit(0);
    await bench.until(() => bench.state === "Finished");
    const log = await readFile(logPathOf(bench.rootDir, third.plan.pod, "app", 2), "utf8");
    expect(log).toMatch(/^\S+ stdout F third\n$/);
    bench.remove(pod);
    await bench.until(() => !existsSync(logPathOf(bench.rootDir, third.plan.pod, "app", 2)), "removed logs");
  });

  it("has no container wait longer between crashes than the node's settings say", async () => {
    await using bench = await openBench({ maxRestartDelayMs: 2000 });
    bench.add(podOf([{ name: "app" }], { restartPolicy: "Always" }));
    (await bench.started(0)).exit(1);
    (await bench.started(1)).exit(1);
    await bench.until(() => bench.clock.sleeping > 0, "a back-off");
    await bench.clock.advance(2000);
    expect((await bench.started(2)).plan.name).toBe("app");
  });

  it("writes a status for what changed, and the last one last", async () => {
    await using bench = await openBench();
    bench.add(podOf());
    (await bench.started()).exit(0);
    await bench.until(() => bench.statuses.at(-1)?.phase === "Succeeded");
    const texts = bench.statuses.map((each) => JSON.stringify(each));
    expect(new Set(texts).size).toBe(texts.length);
  });
});

it("tells at once of an ephemeral container that comes to a running pod: somebody waits for it", async () => {
  await using bench = await openBench();
  const pod = podOf();
  bench.add(pod);
  await bench.started();
  await bench.until(() => bench.statuses.at(-1)?.phase === "Running");
  const debugged = structuredClone(pod);
  debugged.spec!.ephemeralContainers = [{ name: "debugger", image: "busybox" }];
  bench.source$.next({ type: "updated", pod: debugged });
  await bench.until(() => bench.statuses.at(-1)?.ephemeralContainerStatuses !== undefined);
  expect(bench.statuses.at(-1)).toMatchObject({
    phase: "Running",
    ephemeralContainerStatuses: [
      { name: "debugger", state: { waiting: { reason: "CreateContainerError" } } },
    ],
  });
});

describe("a pod that is removed", () => {
  it("while its image is pulled cancels the pull", async () => {
    await using bench = await openBench();
    const pod = podOf();
    bench.gate = (what) => (what.startsWith("pull") ? new Promise<void>(() => undefined) : undefined);
    bench.add(pod);
    await bench.until(() => bench.ledger.held.has("pull app:v1"));
    bench.remove(pod);
    await bench.until(() => bench.state === "Gone");
    expect(bench.ledger.held.size).toBe(0);
    expect(bench.containers).toHaveLength(0);
    expect(bench.failures).toStrictEqual([]);
  });

  it("while it starts waits until the start is undone", async () => {
    await using bench = await openBench();
    const pod = podOf();
    let starting = false;
    bench.gate = (what) => {
      if (!what.startsWith("start")) return undefined;
      starting = true;
      return new Promise<void>(() => undefined);
    };
    bench.add(pod);
    await bench.until(() => starting);
    bench.remove(pod);
    await bench.until(() => bench.state === "Gone");
    expect(bench.ledger.held.size).toBe(0);
  });

  it("asks its containers to stop, and kills the stubborn after the grace period", async () => {
    await using bench = await openBench();
    const pod = podOf([{ name: "kind" }, { name: "stubborn" }], { terminationGracePeriodSeconds: 5 });
    bench.add(pod);
    await bench.started(1);
    const [kind, stubborn] = bench.containers.toSorted((a, b) => (a.plan.name < b.plan.name ? -1 : 1));
    if (kind === undefined || stubborn === undefined) throw new Error("two containers were expected");
    stubborn.stubborn = true;
    await bench.until(() => bench.steps.filter(({ event }) => event.type === "started").length === 2);
    bench.remove(pod);
    await bench.until(() => kind.terminated > 0 && stubborn.terminated > 0);
    await bench.until(() => bench.steps.some(({ event }) => event.type === "exited"));
    await bench.clock.advance(4900);
    expect(bench.ledger.held.has(`container ${pod.metadata?.uid}/stubborn`)).toBe(true);
    await bench.clock.advance(200);
    await bench.until(() => bench.state === "Gone");
    const exits = bench.steps.flatMap(({ event }) => (event.type === "exited" ? [event.exitCode] : []));
    expect(exits).toStrictEqual([143, 137]);
  });

  it("a second time, at once, kills", async () => {
    await using bench = await openBench();
    const pod = podOf();
    bench.add(pod);
    const container = await bench.started();
    container.stubborn = true;
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    bench.remove(pod);
    await bench.until(() => container.terminated > 0);
    bench.remove(pod, 0);
    await bench.until(() => bench.state === "Gone");
    expect(bench.ledger.held.size).toBe(0);
  });

  it("and replaced keeps its successor waiting until nothing of it is left", async () => {
    await using bench = await openBench();
    const [old, next] = [podOf(), podOf()];
    bench.add(old);
    const container = await bench.started();
    container.stubborn = true;
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    bench.remove(old);
    bench.add(next);
    await bench.until(() => container.terminated > 0);
    expect(bench.containers).toHaveLength(1);
    container.exit(0);
    const second = await bench.started(1);
    expect(second.plan.pod.uid).toBe(next.metadata?.uid);
  });
});

describe("what goes wrong", () => {
  it("rejects a pod of a runtime class that nobody knows, and says which are known", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "app" }], { runtimeClassName: "quantum" }));
    await bench.until(() => bench.state === "Finished");
    const status = bench.status;
    expect(status).toMatchObject({ phase: "Failed", reason: "RuntimeHandlerNotFound" });
    expect(status.message).toMatch(/"quantum".*\(wasi\)/);
  });

  it("waits with the reason that the error stands for, and tries a pull again", async () => {
    await using bench = await openBench();
    let times = 0;
    bench.gate = (what) => {
      if (!what.startsWith("pull")) return;
      times += 1;
      if (times === 1) throw new KrustletError("ImageNeverPull", "app:v1 is not here");
    };
    bench.add(podOf());
    await bench.until(() => bench.failures.length === 1);
    const waiting = bench.status.containerStatuses[0]?.state.waiting;
    expect(waiting).toEqual({
      reason: "ErrImageNeverPull",
      message: 'Container image "app:v1" is not present with pull policy of Never',
    });
    expect(bench.failures[0]).toMatchObject({ action: "pull", container: "app" });
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(300_000);
    await bench.started();
  });

  it("tells that it pulls before that fails, and what it took although nothing was new", async () => {
    await using bench = await openBench();
    let times = 0;
    bench.gate = (what) => {
      if (what.startsWith("pull") && (times += 1) === 1)
        throw new KrustletError("ImageNotFound", "not there");
    };
    bench.add(podOf([{ name: "app", imagePullPolicy: "Always" }]));
    await bench.until(() => bench.failures.length === 1 && bench.clock.sleeping > 0);
    await bench.clock.advance(5000);
    await bench.clock.advance(5000);
    await bench.started();
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    const told = bench.steps.flatMap(({ previous, state }) => eventsOf(previous, state));
    expect(told.map(({ message }) => message)).toEqual([
      'Pulling image "app:v1"',
      'Failed to pull image "app:v1": not there',
      "Error: ErrImagePull",
      'Back-off pulling image "app:v1"',
      "Error: ImagePullBackOff",
      'Pulling image "app:v1"',
      expect.stringMatching(
        /^Successfully pulled image "app:v1" in 0s \(0s including waiting\)\. Image size: \d+ bytes\.$/u,
      ),
      "Container created",
      "Container started",
    ]);
  });

  it.each([
    [{ runAsNonRoot: true, runAsUser: 0 }, {}, true],
    [{ runAsUser: 0 }, { runAsNonRoot: true }, true],
    [{ runAsNonRoot: false }, { runAsNonRoot: true, runAsUser: 0 }, false],
    [{ runAsUser: 1 }, { runAsNonRoot: true, runAsUser: 0 }, false],
    [{ runAsNonRoot: true }, {}, false],
    [{ runAsUser: 0 }, {}, false],
  ])(
    "makes no container that is not to be root's as root's: %j in a pod of %j",
    async (own, ofPod, refused) => {
      await using bench = await openBench();
      bench.add(podOf([{ name: "app", securityContext: own }], { securityContext: ofPod }));
      if (!refused) return void (await bench.started());
      await bench.until(() => bench.failures.length === 1);
      const { reason, message } = bench.status.containerStatuses[0]?.state.waiting ?? {};
      expect(reason).toBe("CreateContainerConfigError");
      expect(message).toMatch(
        /^container's runAsUser breaks non-root policy \(pod: "pod_default\(uid-\d+\)", container: app\)$/u,
      );
    },
  );

  it("says what an environment lacks in the kubelet's words, and in our own to whoever has no status", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "app", envFrom: [{ configMapRef: { name: "gone" } }] }]));
    await bench.until(() => bench.failures.length === 1);
    expect(bench.status.containerStatuses[0]?.state.waiting).toEqual({
      reason: "CreateContainerConfigError",
      message: 'configmap "gone" not found',
    });
    expect(String(bench.failures[0]?.error)).toContain(
      'pod "default/pod", container "app", envFrom: configmap "gone" not found',
    );
  });

  it("ends a container that cannot run with 128, and none other", async () => {
    await using bench = await openBench();
    bench.gate = (what) => {
      if (what === "start bad") throw new KrustletError("MissingImport", "moon.base is nowhere");
    };
    bench.add(podOf([{ name: "bad" }, { name: "good" }]));
    (await bench.started()).exit(0);
    await bench.until(() => bench.state === "Finished");
    const [bad, good] = bench.status.containerStatuses;
    expect(bad?.state.terminated).toMatchObject({ exitCode: 128, reason: "ContainerCannotRun" });
    expect(bad?.state.terminated?.message).toContain("moon.base");
    expect(good?.state.terminated?.exitCode).toBe(0);
  });

  it("mounts again until it works", async () => {
    await using bench = await openBench();
    let times = 0;
    bench.gate = (what) => {
      if (what === "mount" && (times += 1) < 3) throw new KrustletError("ObjectNotFound", "no map");
    };
    bench.add(podOf());
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(120_000);
    await bench.started();
    expect(bench.failures.map(({ action }) => action)).toStrictEqual(["mount", "mount"]);
  });

  it("of one pod leaves the others alone", async () => {
    await using bench = await openBench();
    bench.gate = (what) => {
      if (what === "pull bad:v1") throw new Error("a bug");
    };
    bench.add(podOf([{ name: "bad" }], {}, { name: "one" }));
    bench.add(podOf([{ name: "good" }], {}, { name: "two" }));
    (await bench.started()).exit(0);
    await bench.until(() => bench.state === "Finished");
    expect(bench.steps.at(-1)?.pod.metadata?.name).toBe("two");
    expect(bench.failures.map(({ pod }) => pod.name)).toStrictEqual(["one"]);
  });

  it("of the status's writer is repeated with the newest status", async () => {
    const written: string[] = [];
    await using bench = await openBench({
      writeStatus: (_pod, { phase }) => {
        if (written.length === 0) {
          written.push("failed");
          return Promise.reject(new Error("409"));
        }
        written.push(phase);
        return Promise.resolve();
      },
    });
    bench.add(podOf());
    (await bench.started()).exit(0);
    await bench.until(() => bench.state === "Finished");
    await bench.clock.advance(1000);
    await bench.until(() => written.at(-1) === "Succeeded");
    expect(bench.failures.map(({ action }) => action)).toStrictEqual(["status"]);
  });
});

describe("what containers say", () => {
  it("goes to the observer and the log, and waits for the slower one", async () => {
    await using bench = await openBench();
    const slow = Promise.withResolvers<void>();
    bench.onOutput = () => slow.promise;
    bench.add(podOf());
    const container = await bench.started();
    let went = false;
    const written = Promise.resolve(container.print("hello\n")).then(() => (went = true));
    await new Promise<void>((resolve) => void setImmediate(resolve));
    expect(went).toBe(false);
    slow.resolve();
    await written;
    container.exit(0);
    await bench.until(() => bench.state === "Finished");
    expect(await readFile(logPathOf(bench.rootDir, container.plan.pod, "app", 0), "utf8")).toContain(
      " F hello\n",
    );
  });

  it("ends with a trap's message and backtrace on stderr", async () => {
    await using bench = await openBench();
    bench.add(podOf());
    const container = await bench.started();
    container.exit(134, { message: "unreachable\n  at inner" });
    await bench.until(() => bench.state === "Finished");
    const log = await readFile(logPathOf(bench.rootDir, container.plan.pod, "app", 0), "utf8");
    expect(log.split("\n").map((line) => line.split(" ").slice(1).join(" "))).toStrictEqual([
      "stderr F unreachable",
      "stderr F   at inner",
      "",
    ]);
  });

  it("is the termination message, the last 4096 bytes of the file at most", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "app", terminationMessagePath: "/last/words" }]));
    const container = await bench.started();
    const mount = container.plan.mounts.find(({ target }) => target === "/last/words")!;
    expect(mount).toMatchObject({ kind: "file", readOnly: false });
    await writeFile(mount.source, `first ${"x".repeat(4091)} last`);
    container.exit(3);
    await bench.until(() => bench.state === "Finished");
    const { terminated } = bench.status.containerStatuses[0]!.state;
    expect(terminated?.message).toBe(`${"x".repeat(4091)} last`);
    expect(existsSync(mount.source)).toBe(false);
  });

  it("falls back to the log's end where the policy says so", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "app", terminationMessagePolicy: "FallbackToLogsOnError" }]));
    const container = await bench.started();
    await container.print("one\ntwo\n");
    container.exit(1);
    await bench.until(() => bench.state === "Finished");
    const { terminated } = bench.status.containerStatuses[0]!.state;
    expect(terminated?.message).toBe("one\ntwo\n");
  });
});

describe("volumes", () => {
  it("that outgrow their limit evict the pod", async () => {
    await using bench = await openBench();
    bench.add(podOf([{ name: "app" }], { volumes: [{ name: "v", emptyDir: { sizeLimit: "10Mi" } }] }));
    await bench.started();
    bench.usage = () => Promise.resolve([{ volume: "v", bytes: 2e7, limit: 10 * 2 ** 20 }]);
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(10_000);
    await bench.until(() => bench.state === "Finished");
    const status = bench.status;
    expect(status).toMatchObject({ phase: "Failed", reason: "Evicted" });
    expect(status.message).toContain('Usage of EmptyDir volume "v" exceeds the limit "10Mi"');
  });

  it("in memory that outgrow their limit evict the pod sooner", async () => {
    await using bench = await openBench();
    bench.add(
      podOf([{ name: "app" }], {
        volumes: [{ name: "v", emptyDir: { medium: "Memory", sizeLimit: "10Mi" } }],
      }),
    );
    await bench.started();
    bench.usage = () => Promise.resolve([{ volume: "v", bytes: 2e7, limit: 10 * 2 ** 20 }]);
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(1_000);
    await bench.until(() => bench.state === "Finished");
    const status = bench.status;
    expect(status).toMatchObject({ phase: "Failed", reason: "Evicted" });
    expect(status.message).toContain('Usage of EmptyDir volume "v" exceeds the limit "10Mi"');
  });

  const withConfigMap = () =>
    podOf([{ name: "app" }], { volumes: [{ name: "v", configMap: { name: "m" } }] });
  const changed = { kind: "ConfigMap", namespace: "default", name: "m" };

  it("are brought up to date each minute where nobody tells of changes", async () => {
    await using bench = await openBench();
    bench.add(withConfigMap());
    await bench.started();
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(60_000);
    expect(bench.refreshed).toBe(1);
  });

  it("whose object changes while they are made are brought up to date after that", async () => {
    const objectsChanged$ = new Subject<ObjectKey | undefined>();
    await using bench = await openBench({ objectsChanged$ });
    const mounting = Promise.withResolvers<void>();
    bench.gate = (what) => (what === "mount" ? mounting.promise : undefined);
    bench.add(withConfigMap());
    await bench.until(() => bench.state === "Mounting");
    objectsChanged$.next(changed);
    expect(bench.refreshed).toBe(0);
    mounting.resolve();
    await bench.started();
    await bench.until(() => bench.refreshed === 1);
  });

  it("are brought up to date when an object that the pod names changes, and without a timer", async () => {
    const objectsChanged$ = new Subject<ObjectKey | undefined>();
    await using bench = await openBench({ objectsChanged$ });
    bench.add(withConfigMap());
    await bench.started();
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    await bench.clock.advance(600_000);
    expect(bench.refreshed).toBe(0);
    expect(bench.clock.sleeping).toBe(0);
    const gate = Promise.withResolvers<void>();
    bench.refresh = () => gate.promise;
    objectsChanged$.next(changed);
    objectsChanged$.next({ ...changed, namespace: "other" });
    objectsChanged$.next({ ...changed, kind: "Secret" });
    objectsChanged$.next(undefined);
    gate.resolve();
    await bench.until(() => bench.refreshed === 2);
    expect(bench.refreshedFor).toStrictEqual([changed, undefined]);
  });

  it("are brought up to date when the pod's labels change, and not for other changes of the pod", async () => {
    await using bench = await openBench({ objectsChanged$: new Subject<undefined>() });
    const pod = withConfigMap();
    bench.add(pod);
    await bench.started();
    const update = (change: (newer: V1Pod) => void): void => {
      const newer = structuredClone(pod);
      change(newer);
      bench.source$.next({ type: "updated", pod: newer });
    };
    update((newer) => (newer.status = { phase: "Running" }));
    await bench.until(() => bench.steps.at(-1)?.event.type === "changed");
    await bench.clock.advance(1);
    expect(bench.refreshed).toBe(0);
    update((newer) => (newer.metadata!.labels = { app: "new" }));
    await bench.until(() => bench.refreshed === 1);
    expect(bench.refreshedFor.at(-1)).toStrictEqual({ kind: "Pod", namespace: "default", name: "pod" });
  });

  it("are looked at when a token is to be renewed, and once more a minute after that did not work", async () => {
    await using bench = await openBench({ objectsChanged$: new Subject<undefined>() });
    bench.nextRefresh = new Date(bench.clock.now().getTime() + 2_880_000);
    bench.add(withConfigMap());
    await bench.started();
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(2_879_999);
    expect(bench.refreshed).toBe(0);
    bench.nextRefresh = undefined;
    bench.refresh = () => Promise.reject(new Error("no"));
    await bench.clock.advance(1);
    expect(bench.refreshed).toBe(1);
    bench.refresh = () => Promise.resolve();
    await bench.clock.advance(60_000);
    expect(bench.refreshed).toBe(2);
    expect(bench.clock.sleeping).toBe(0);
    expect(bench.failures).toMatchObject([{ action: "refresh" }]);
  });

  it("that cannot be mounted are tried again when an object that the pod names changes, and for no other", async () => {
    const objectsChanged$ = new Subject<ObjectKey | undefined>();
    await using bench = await openBench({ objectsChanged$ });
    let isThere = false;
    bench.gate = (what) =>
      what === "mount" && !isThere ? Promise.reject(new Error("not found")) : undefined;
    bench.add(withConfigMap());
    await bench.until(() => bench.failures.length === 1 && bench.clock.sleeping > 0);
    isThere = true;
    objectsChanged$.next({ ...changed, name: "other" });
    await bench.clock.advance(1);
    expect(bench.state).toBe("Mounting");
    objectsChanged$.next(changed);
    await bench.started();
  });

  it("that cannot be mounted are told in the kubelet's words", async () => {
    await using bench = await openBench();
    const error = Object.assign(new Error('volume "v" of pod "default/pod": configmap "m" not found'), {
      volume: "v",
      detail: 'configmap "m" not found',
    });
    bench.gate = (what) => (what === "mount" ? Promise.reject(error) : undefined);
    bench.add(withConfigMap());
    await bench.until(() => bench.failures.length > 0);
    expect(bench.steps.at(-1)?.event).toMatchObject({
      type: "mountFailed",
      message: 'MountVolume.SetUp failed for volume "v" : configmap "m" not found',
    });
  });

  it("of a pod with none cost no timer", async () => {
    await using bench = await openBench();
    bench.add(podOf());
    await bench.started();
    await bench.until(() => bench.steps.some(({ event }) => event.type === "started"));
    expect(bench.clock.sleeping).toBe(0);
  });
});

it("a kubelet that is disposed kills what runs", async () => {
  const bench = await openBench();
  bench.add(podOf());
  await bench.started();
  await bench[Symbol.asyncDispose]();
  expect([...bench.ledger.held.keys()].filter((what) => what.startsWith("container"))).toStrictEqual([]);
});

it("tells of a ConfigMap's keys that cannot be variables, and starts all the same", async () => {
  const warnings: string[] = [];
  await using bench = await openBench({
    objects: {
      configMap: () => Promise.resolve({ data: { GOOD: "1", "not=good": "2" } }),
      secret: () => Promise.resolve(undefined),
      persistentVolumeClaim: () => Promise.resolve(undefined),
    },
    onWarning: (pod, message) => warnings.push(`${pod.name}: ${message}`),
  });
  bench.add(podOf([{ name: "app", envFrom: [{ configMapRef: { name: "map" } }] }]));
  const container = await bench.started();
  expect(container.plan.env).toStrictEqual({ HOSTNAME: "pod", GOOD: "1" });
  expect(warnings).toStrictEqual([expect.stringContaining('"not=good"')]);
});
