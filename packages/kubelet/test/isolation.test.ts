import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { V1Pod } from "@kubernetes/client-node";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";

import { apiPods, checkpointDirectory } from "../src/index.ts";
import { openBench, podOf } from "./fakes.ts";

/** A version of a pod that nobody can read, or the first so many times. */
function unreadable(pod: V1Pod, times: number = Infinity): V1Pod {
  let left = times;
  const metadata = Object.defineProperty(Object.assign({}, pod.metadata), "deletionTimestamp", {
    get: () => {
      left -= 1;
      if (left >= 0) throw new TypeError("nobody expected that");
      return undefined;
    },
  });
  return { metadata, spec: pod.spec };
}

describe("what nobody expected of one pod", () => {
  it("ends that pod's containers, is told, and leaves all others alone", async () => {
    await using bench = await openBench();
    const bad = podOf([{ name: "bad" }], {}, { name: "bad" });
    bench.add(bad);
    const killed = await bench.started();
    bench.add(podOf([{ name: "good" }], {}, { name: "good" }));
    const good = await bench.started(1);
    bench.source$.next({ type: "updated", pod: unreadable(bad) });
    await bench.until(() => bench.failures.length > 0);
    expect(bench.failures.map(({ pod, action }) => [pod.name, action])).toStrictEqual([["bad", "run"]]);
    expect(await killed.exited).toMatchObject({ exitCode: 137 });
    await bench.until(() => bench.kubelet.pods().length === 1);
    good.exit(0);
    await bench.until(() => bench.status.phase === "Succeeded");
    expect(bench.ledger.mistakes).toStrictEqual([]);
  });

  it("is no reason to run again what has run: its next version is taken up where it was", async () => {
    const directory = await mkdtemp(join(tmpdir(), "krustlet-checkpoints-"));
    await using bench = await openBench({ checkpoints: checkpointDirectory(directory) });
    const pod = podOf();
    bench.add(pod);
    await bench.started();
    bench.source$.next({ type: "updated", pod: unreadable(pod) });
    await bench.until(() => bench.failures.length > 0 && bench.kubelet.pods().length === 0);
    bench.source$.next({ type: "updated", pod });
    await bench.until(() => bench.state === "Finished");
    expect(bench.containers).toHaveLength(1);
    expect(bench.status.phase).toBe("Failed");
    await rm(directory, { recursive: true });
  });

  it("does not come twice, maybe: without any change the pod is taken up again after ten seconds", async () => {
    const directory = await mkdtemp(join(tmpdir(), "krustlet-checkpoints-"));
    await using bench = await openBench({ checkpoints: checkpointDirectory(directory) });
    const pod = podOf([{ name: "app" }], { restartPolicy: "Always" });
    bench.add(pod);
    await bench.started();
    bench.source$.next({ type: "updated", pod: unreadable(pod, 1) });
    await bench.until(() => bench.failures.length > 0 && bench.clock.sleeping > 0);
    expect(bench.kubelet.pods()).toHaveLength(0);
    await bench.clock.advance(9_999);
    expect(bench.containers).toHaveLength(1);
    await bench.clock.advance(1);
    await bench.started(1);
    await bench.until(() => bench.status.containerStatuses[0]?.state.running !== undefined);
    expect(bench.status.containerStatuses[0]?.restartCount).toBe(1);
    expect(bench.failures.map(({ action }) => action)).toStrictEqual(["run"]);
    await rm(directory, { recursive: true });
  });

  it("of one that is then removed is told once more, and nothing of it stays", async () => {
    const directory = await mkdtemp(join(tmpdir(), "krustlet-checkpoints-"));
    await using bench = await openBench({ checkpoints: checkpointDirectory(directory) });
    const pod = podOf();
    bench.add(pod);
    await bench.started();
    bench.source$.next({ type: "updated", pod: unreadable(pod) });
    await bench.until(() => bench.failures.length > 0 && bench.clock.sleeping > 0);
    bench.source$.next({ type: "removed", pod });
    await bench.until(() => bench.state === "Gone");
    bench.add(podOf());
    await bench.started(1);
    await bench.until(() => bench.kubelet.pods().length === 1);
    expect(bench.ledger.mistakes).toStrictEqual([]);
    await rm(directory, { recursive: true });
  });

  it("before anything of it is begun is told, too, and its name is free for another one", async () => {
    const objectUsers = {
      register: (pod: V1Pod) => {
        if (pod.spec?.hostname === "odd") throw new TypeError("nobody expected that");
      },
      unregister: () => undefined,
    };
    await using bench = await openBench({ objectUsers });
    bench.add(podOf([{ name: "odd" }], { hostname: "odd" }));
    bench.add(podOf([{ name: "even" }]));
    (await bench.started()).exit(0);
    await bench.until(() => bench.status.phase === "Succeeded");
    expect(bench.failures.map(({ action }) => action)).toStrictEqual(["run"]);
    expect(bench.kubelet.pods()).toHaveLength(1);
  });

  it("of a container's end is told, and the container has ended", async () => {
    await using bench = await openBench();
    bench.add(podOf());
    const container = await bench.started();
    container[Symbol.asyncDispose] = () => Promise.reject(new Error("its thread is gone"));
    container.exit(3);
    await bench.until(() => bench.status.phase === "Failed");
    expect(bench.failures.map(({ action, container: name }) => [action, name])).toStrictEqual([
      ["kill", "app"],
    ]);
    expect(bench.status.containerStatuses[0]?.state.terminated?.exitCode).toBe(3);
  });
});

it("a pod of the API server that says that it comes from a file is one of the API server", async () => {
  const changes$ = new Subject<{ type: "added"; object: V1Pod } | { type: "synced" }>();
  const written: string[] = [];
  const created: V1Pod[] = [];
  await using bench = await openBench({
    sources: [apiPods(changes$)],
    writeStatus: (_pod, { phase }) => {
      written.push(phase);
      return Promise.resolve();
    },
    mirrors: {
      createPod: (pod) => {
        created.push(pod);
        return Promise.reject(new Error("409"));
      },
      deletePod: () => Promise.resolve(),
      node: () => ({ name: "here", uid: undefined }),
    },
  });
  const liar = podOf(undefined, {}, { annotations: { "kubernetes.io/config.source": "file" } });
  await Promise.resolve();
  changes$.next({ type: "added", object: liar });
  changes$.next({ type: "synced" });
  (await bench.started()).exit(0);
  await bench.until(() => written.at(-1) === "Succeeded");
  expect(created).toStrictEqual([]);
});

it("a module whose names are megabytes does not fill statuses and checkpoints with them", async () => {
  await using bench = await openBench();
  bench.add(podOf([{ name: "trap" }, { name: "import" }]));
  bench.gate = (what) => {
    if (what === "start import") throw new Error(`imports ${"f".repeat(5_000_000)}`);
  };
  (await bench.started()).exit(134, { message: `unreachable in ${"f".repeat(5_000_000)}` });
  await bench.until(() => bench.status.phase === "Failed");
  const messages = bench.status.containerStatuses.map(({ state }) => state.terminated?.message?.length);
  expect(messages).toStrictEqual([4096, 4096]);
});
