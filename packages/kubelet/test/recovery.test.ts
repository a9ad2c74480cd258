import { existsSync } from "node:fs";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { logDirOf, logPathOf } from "@krustlet/cri-log";
import type { PodStatus } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";

import { checkpointDirectory } from "../src/index.ts";
import type { KubeletInit } from "../src/index.ts";
import { Bench, openBench, podOf } from "./fakes.ts";

const benches: Bench[] = [];

afterEach(async () => {
  // The last one first: the others had its directory before it, and nothing runs there any more.
  for (const bench of benches.splice(0).toReversed()) await bench[Symbol.asyncDispose]();
});

/** A node with checkpoints; `after` is the node whose disk it has, and whose process is gone. */
async function openNode(after?: Bench, more: Partial<KubeletInit> = {}): Promise<Bench> {
  const make = async (rootDir: string): Promise<Bench> => {
    const checkpoints = checkpointDirectory(join(rootDir, "checkpoints"));
    const remove = (uid: string): Promise<void> => {
      bench.ledger.log.push(`removed volumes ${uid}`);
      return Promise.resolve();
    };
    const leftVolumes = { list: () => Promise.resolve([]), remove };
    const bench: Bench = new Bench(rootDir, { checkpoints, leftVolumes, ...more });
    return bench;
  };
  if (after !== undefined) await after.kubelet[Symbol.asyncDispose]();
  const rootDir = after?.rootDir ?? (await openBench()).rootDir;
  const bench = await make(rootDir);
  benches.push(bench);
  return bench;
}

/** The Pod as the API server would give it to the next process: with the last status that was written, or none. */
function withStatus(pod: V1Pod, status: PodStatus | undefined): V1Pod {
  return { metadata: pod.metadata, spec: pod.spec, status };
}

async function running(bench: Bench, count = 1): Promise<void> {
  await bench.until(() => bench.steps.filter(({ event }) => event.type === "started").length === count);
  await bench.until(() => bench.statuses.at(-1)?.phase === "Running");
}

describe("a restarted node", () => {
  it.each([true, false])("runs what ran again, one restart further (status known: %s)", async (known) => {
    const first = await openNode();
    const pod = podOf([{ name: "app" }], { restartPolicy: "Always" });
    first.add(pod);
    const container = await first.started();
    await container.print("first\n");
    await running(first);

    const next = await openNode(first);
    next.add(withStatus(pod, known ? first.statuses.at(-1) : undefined));
    const again = await next.started();
    await running(next);
    const [status] = next.status.containerStatuses;
    expect(status).toMatchObject({
      restartCount: 1,
      lastState: {
        terminated: {
          exitCode: 137,
          reason: "ContainerStatusUnknown",
          message:
            "The container could not be located when the pod was deleted.  The container used to be Running",
          containerID: `wasi://${container.id}`,
        },
      },
    });
    await again.print("second\n");
    // Each run has its own log, and the earlier one is still there.
    expect(existsSync(logPathOf(next.rootDir, again.plan.pod, "app", 0))).toBe(true);
    const previous = status?.lastState.terminated?.containerID ?? "";
    expect(next.kubelet.logOf(pod, "app", previous)?.path).toMatch(/0\.log$/u);
  });

  it.each([true, false])("fails what may not run a second time (status known: %s)", async (known) => {
    const first = await openNode();
    const pod = podOf();
    first.add(pod);
    await first.started();
    await running(first);

    const next = await openNode(first);
    next.add(withStatus(pod, known ? first.statuses.at(-1) : undefined));
    await next.until(() => next.state === "Finished");
    expect(next.containers).toHaveLength(0);
    expect(next.statuses.at(-1)).toMatchObject({ phase: "Failed" });
    expect(next.statuses.at(-1)?.containerStatuses[0]?.state.terminated).toMatchObject({
      exitCode: 137,
      reason: "ContainerStatusUnknown",
      message: "The container could not be located when the pod was terminated",
    });
    expect(next.ledger.log).toContain(`removed volumes ${pod.metadata?.uid}`);
  });

  it("leaves finished what had finished, though its last status was never written", async () => {
    const first = await openNode(undefined, { writeStatus: () => Promise.reject(new Error("503")) });
    const pod = podOf();
    first.add(pod);
    (await first.started()).exit(0, { message: "done" });
    await first.until(() => first.state === "Finished");

    const next = await openNode(first);
    next.add(withStatus(pod, undefined));
    await next.until(() => next.state === "Finished");
    expect(next.containers).toHaveLength(0);
    expect(next.statuses.at(-1)).toMatchObject({ phase: "Succeeded" });
    expect(next.status.containerStatuses[0]?.state.terminated).toMatchObject({
      exitCode: 0,
      message: "done",
    });
  });

  // From the moment at which the runtime is asked the guest may run.
  it.each([
    ["mount", 1],
    ["pull app:v1", 1],
    ["start app", 0],
  ])("killed during %s runs a pod that may run once %i times more", async (what, times) => {
    const first = await openNode();
    const pod = podOf();
    let reached = false;
    first.gate = (at) => {
      if (at !== what) return undefined;
      reached = true;
      return new Promise<void>(() => undefined);
    };
    first.add(pod);
    await first.until(() => reached);

    const next = await openNode(first);
    next.add(withStatus(pod, first.statuses.at(-1)));
    await next.until(() => next.state === "Finished" || next.containers.length > 0);
    expect(next.containers).toHaveLength(times);
  });

  it("keeps a back-off where it was", async () => {
    const first = await openNode();
    const pod = podOf([{ name: "app" }], { restartPolicy: "Always" });
    first.add(pod);
    (await first.started(0)).exit(1);
    (await first.started(1)).exit(1);
    await first.until(() => first.status.containerStatuses[0]?.state.waiting?.reason === "CrashLoopBackOff");
    await first.clock.advance(500);
    await first.until(() => first.statuses.at(-1)?.containerStatuses[0]?.state.waiting !== undefined);

    const next = await openNode(first);
    await next.clock.advance(4000);
    next.add(withStatus(pod, first.statuses.at(-1)));
    await next.until(() => next.state === "Running");
    expect(next.status.containerStatuses[0]?.state.waiting?.reason).toBe("CrashLoopBackOff");
    expect(next.steps.at(-1)?.state.facts.containers[0]).toMatchObject({ exits: 2, restartCount: 1 });
    await next.clock.advance(5900);
    expect(next.containers).toHaveLength(0);
    await next.clock.advance(200);
    await next.started();
  });

  it("goes on with init containers where they were", async () => {
    const first = await openNode();
    const initContainers = [
      { name: "one", image: "one:v1" },
      { name: "two", image: "two:v1" },
    ];
    const pod = podOf([{ name: "app" }], { initContainers, restartPolicy: "OnFailure" });
    first.add(pod);
    (await first.started()).exit(0);
    await first.started(1);
    await first.until(() => first.steps.filter(({ event }) => event.type === "started").length === 2);
    await first.kubelet[Symbol.asyncDispose]();

    const next = await openNode(first);
    next.add(withStatus(pod, undefined));
    const two = await next.started();
    expect(two.plan.name).toBe("two");
    two.exit(0);
    expect((await next.started(1)).plan.name).toBe("app");
  });

  it("ends what it was evicting, for the same reason", async () => {
    const first = await openNode();
    const pod = podOf([{ name: "app" }], { volumes: [{ name: "v", emptyDir: { sizeLimit: "1" } }] });
    first.add(pod);
    (await first.started()).stubborn = true;
    first.usage = () => Promise.resolve([{ volume: "v", bytes: 2, limit: 1 }]);
    await first.until(() => first.clock.sleeping > 0);
    await first.clock.advance(10_000);
    await first.until(() => first.state === "Terminating");

    const next = await openNode(first);
    next.add(withStatus(pod, first.statuses.at(-1)));
    await next.until(() => next.state === "Finished");
    expect(next.statuses.at(-1)).toMatchObject({ phase: "Failed", reason: "Evicted" });
    expect(next.containers).toHaveLength(0);
  });
});

describe("what is left of pods that are no more", () => {
  it("is removed once all sources have told everything, and never before", async () => {
    const first = await openNode();
    const [kept, gone] = [podOf([{ name: "app" }], {}, { name: "kept" }), podOf()];
    first.add(kept);
    first.add(gone);
    await first.started(1);
    await first.until(() => first.statuses.filter(({ phase }) => phase === "Running").length === 2);

    const next = await openNode(first);
    const key = { namespace: "default", name: "pod", uid: gone.metadata?.uid ?? "" };
    next.add(withStatus(kept, undefined));
    await next.until(() => next.state === "Finished");
    expect(existsSync(logDirOf(next.rootDir, key))).toBe(true);
    next.source$.next({ type: "synced" });
    await next.until(() => !existsSync(join(next.rootDir, "checkpoints", `${key.uid}.json`)));
    expect(existsSync(logDirOf(next.rootDir, key))).toBe(false);
    expect(existsSync(join(next.rootDir, "pods", key.uid))).toBe(false);
    expect(next.ledger.log).toContain(`removed volumes ${key.uid}`);
    expect(existsSync(logDirOf(next.rootDir, { ...key, name: "kept", uid: kept.metadata?.uid ?? "" }))).toBe(
      true,
    );
  });

  it("counts no more when a pod of the same UID comes later: a static pod whose manifest is put back", async () => {
    const first = await openNode();
    const pod = podOf();
    first.add(pod);
    (await first.started()).exit(0);
    await first.until(() => first.state === "Finished");

    const next = await openNode(first);
    const file = join(next.rootDir, "checkpoints", `${pod.metadata?.uid}.json`);
    await next.until(() => existsSync(file));
    next.source$.next({ type: "synced" });
    await next.until(() => !existsSync(file));
    next.add(pod);
    (await next.started()).exit(0);
    await next.until(() => next.state === "Finished");
    expect(next.containers).toHaveLength(1);
  });

  it("goes with the pod: a node without pods has no checkpoints", async () => {
    const bench = await openNode();
    const pod = podOf();
    bench.add(pod);
    await bench.started();
    bench.remove(pod, 0);
    await bench.until(() => bench.kubelet.pods().length === 0);
    expect(await readdir(join(bench.rootDir, "checkpoints"))).toStrictEqual([]);
  });
});

describe("checkpoints that are none", () => {
  it("are ignored with a warning, and what they were of is taken up by its status", async () => {
    const first = await openNode();
    const pod = podOf([{ name: "app" }], { restartPolicy: "Always" });
    first.add(pod);
    await first.started();
    await running(first);
    const directory = join(first.rootDir, "checkpoints");
    const file = join(directory, `${pod.metadata?.uid}.json`);
    await first.kubelet[Symbol.asyncDispose]();
    for (const text of [
      "",
      "null",
      "[]",
      '{"version":1',
      '{"version":2}',
      JSON.stringify({
        version: 1,
        namespace: "d",
        name: "n",
        uid: "another",
        startTime: "2026-01-01T00:00:00Z",
        containers: [],
      }),
      "x".repeat(2 ** 20 + 1),
      `{"version":1,"__proto__":{"uid":"${pod.metadata?.uid}"},"containers":[]}`,
    ]) {
      await writeFile(file, text);
      const next = await openNode(first);
      next.add(withStatus(pod, first.statuses.at(-1)));
      await next.started();
      expect(next.failures).toMatchObject([{ action: "checkpoint" }]);
      expect(String(next.failures[0]?.error)).toContain(pod.metadata?.uid);
      await next.kubelet[Symbol.asyncDispose]();
    }
  });

  it("go with everything of the pod, its logs by its UID, once every source has told its pods", async () => {
    const first = await openNode();
    const logs = ["uid-gone", "uid-gone-2"].map((uid) =>
      logDirOf(first.rootDir, { namespace: "default", name: "gone", uid }),
    );
    for (const directory of logs) await mkdir(directory, { recursive: true });
    await first.kubelet[Symbol.asyncDispose]();
    await mkdir(join(first.rootDir, "checkpoints"), { recursive: true });
    await writeFile(join(first.rootDir, "checkpoints", "uid-gone.json"), "half");
    const next = await openNode(first);
    next.source$.next({ type: "synced" });
    await expect.poll(() => readdir(join(first.rootDir, "checkpoints"))).toStrictEqual([]);
    expect(logs.map((directory) => existsSync(directory))).toStrictEqual([false, true]);
  });

  it("neither hang the node nor lead it elsewhere: links, pipes and directories", async () => {
    const first = await openNode();
    const directory = join(first.rootDir, "checkpoints");
    await mkdir(join(directory, "directory.json"), { recursive: true });
    await symlink("/dev/zero", join(directory, "zero.json"));
    const { spawnSync } = await import("node:child_process");
    spawnSync("mkfifo", [join(directory, "pipe.json")]);
    const next = await openNode(first);
    next.add(podOf());
    await next.started();
    expect(next.failures.map(({ action }) => action)).toStrictEqual([
      "checkpoint",
      "checkpoint",
      "checkpoint",
    ]);
  });

  it("that cannot be written keep a container from starting, and nothing else", async () => {
    const bench = await openNode(undefined, {
      checkpoints: {
        list: () => Promise.resolve([]),
        write: () => Promise.reject(new Error("full")),
        remove: () => Promise.resolve(),
      },
    });
    bench.add(podOf());
    await bench.until(() => bench.steps.some(({ event }) => event.type === "startFailed"));
    expect(bench.containers).toHaveLength(0);
  });
});

describe("a pod whose volumes could not be made", () => {
  it("has what was begun of them removed when it goes", async () => {
    const bench = await openNode();
    bench.gate = (what) => {
      if (what === "mount") throw new Error("the driver hangs");
    };
    const pod = podOf();
    bench.add(pod);
    await bench.until(() => bench.steps.some(({ event }) => event.type === "mountFailed"));
    bench.remove(pod, 0);
    await bench.until(() => bench.state === "Gone");
    expect(bench.ledger.log).toContain(`removed volumes ${pod.metadata?.uid}`);
  });
});
