import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { logPathOf } from "@krustlet/cri-log";
import { describe, expect, it } from "vitest";

import { podKeyOf } from "../src/index.ts";
import type { Eviction } from "../src/index.ts";
import { openBench, podOf } from "./fakes.ts";
import type { Bench, FakeContainer } from "./fakes.ts";

const LOW: Eviction = {
  reason: "Evicted",
  message: "The node was low on resource: memory. ",
  gracePeriodSeconds: 1,
};

async function running(bench: Bench, pod = podOf()) {
  bench.add(pod);
  const container = await bench.started(bench.containers.length);
  await bench.until(() => bench.steps.some(({ event, pod: of }) => event.type === "started" && of === pod));
  return { pod, key: podKeyOf(pod), container };
}

/** Prints so many bytes, and waits until they are in the log. */
async function prints(bench: Bench, container: FakeContainer, bytes: number): Promise<void> {
  const path = logPathOf(bench.rootDir, container.plan.pod, container.plan.name, 0);
  await container.print(`${"x".repeat(bytes)}\n`);
  await bench.until(() => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= bytes, path);
}

describe("a pod that the node gives up", () => {
  it("fails with the reason and the message, and is told as a disruption", async () => {
    await using bench = await openBench();
    const { key } = await running(bench);
    await bench.kubelet.evict(key.uid, LOW);
    expect(bench.state).toBe("Finished");
    expect(bench.status).toMatchObject({ phase: "Failed", reason: "Evicted", message: LOW.message });
    expect(bench.status.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "TerminationByKubelet",
      message: LOW.message,
    });
  });

  it("is waited for until its volumes are gone", async () => {
    await using bench = await openBench();
    const { key } = await running(bench);
    const unmounting = Promise.withResolvers<void>();
    bench.gate = (what) => (what === "unmount" ? unmounting.promise : undefined);
    let gone = false;
    const evicted = bench.kubelet.evict(key.uid, LOW).then(() => (gone = true));
    await bench.until(() => bench.state === "Unmounting");
    expect(gone).toBe(false);
    unmounting.resolve();
    await evicted;
    expect(bench.ledger.held.size).toBe(0);
  });

  it("is not waited for without end", async () => {
    await using bench = await openBench();
    const { key } = await running(bench);
    const unmounting = Promise.withResolvers<void>();
    bench.gate = (what) => (what === "unmount" ? unmounting.promise : undefined);
    const evicted = bench.kubelet.evict(key.uid, LOW);
    await bench.until(() => bench.state === "Unmounting");
    await bench.clock.advance(31_000);
    await evicted;
    expect(bench.state).toBe("Unmounting");
    unmounting.resolve();
  });

  it("is waited for as long as the signal allows", async () => {
    await using bench = await openBench();
    const { key } = await running(bench);
    const unmounting = Promise.withResolvers<void>();
    bench.gate = (what) => (what === "unmount" ? unmounting.promise : undefined);
    const stop = new AbortController();
    const evicted = bench.kubelet.evict(key.uid, LOW, { signal: stop.signal });
    stop.abort(new Error("the node stops"));
    await expect(evicted).rejects.toThrow("the node stops");
    unmounting.resolve();
  });

  it("loses its logs only where their place is needed", async () => {
    await using bench = await openBench();
    const kept = await running(bench, podOf([{ name: "app" }], {}, { name: "kept" }));
    const lost = await running(bench, podOf([{ name: "app" }], {}, { name: "lost" }));
    for (const { container } of [kept, lost]) await prints(bench, container, 10);
    const logOf = ({ key }: typeof kept): string => logPathOf(bench.rootDir, key, "app", 0);
    expect([existsSync(logOf(kept)), existsSync(logOf(lost))]).toEqual([true, true]);
    await bench.kubelet.evict(kept.key.uid, LOW);
    await bench.kubelet.evict(lost.key.uid, { ...LOW, removeLogs: true });
    expect([existsSync(logOf(kept)), existsSync(logOf(lost))]).toEqual([true, false]);
    expect(bench.failures).toEqual([]);
  });

  it("that is not there, or has ended, is nobody's to wait for", async () => {
    await using bench = await openBench();
    await bench.kubelet.evict("nobody", LOW);
    const { key, container } = await running(bench);
    container.exit(0);
    await bench.until(() => bench.state === "Finished");
    await bench.kubelet.evict(key.uid, LOW);
    expect(bench.status).toMatchObject({ phase: "Succeeded" });
  });
});

describe("what pods use", () => {
  it("is the memory of their containers, and what they have written where that is asked for", async () => {
    await using bench = await openBench();
    bench.localUsage = () => Promise.resolve({ bytes: 1_000_000, inodes: 10 });
    const { pod, key, container } = await running(bench);
    container.memoryBytes = 65_536;
    await prints(bench, container, 20_000);
    const message = join(bench.rootDir, "pods", key.uid, "containers", "app", "9-termination-log");
    await mkdir(dirname(message), { recursive: true });
    await writeFile(message, Buffer.alloc(10_000, 1));
    expect(await bench.kubelet.consumption({ storage: false })).toEqual([
      {
        pod,
        use: {
          containers: [{ name: "app", memoryBytes: 65_536, storageBytes: 0 }],
          storageBytes: 0,
          inodes: 0,
        },
      },
    ]);
    const [found] = await bench.kubelet.consumption({ storage: true });
    const own = found?.use?.containers[0]?.storageBytes ?? 0;
    expect(own).toBeGreaterThanOrEqual(30_000);
    expect(own).toBeLessThan(100_000);
    expect(found?.use?.storageBytes).toBe(1_000_000 + own);
    // The log, the message of this run and the other one.
    expect(found?.use?.inodes).toBe(13);
  });

  it("is not known of one whose volumes cannot be measured, and not told of those that have ended", async () => {
    await using bench = await openBench();
    bench.localUsage = () => Promise.reject(new Error("no"));
    const { pod, container } = await running(bench);
    expect(await bench.kubelet.consumption({ storage: true })).toEqual([{ pod, use: undefined }]);
    container.exit(0);
    await bench.until(() => bench.state === "Finished");
    expect(await bench.kubelet.consumption({ storage: true })).toEqual([]);
  });
});

describe("limits of ephemeral storage", () => {
  const limited = (limit: string) =>
    podOf([{ name: "app", resources: { limits: { "ephemeral-storage": limit } } }]);

  it("evict a pod that has written more than all of them, volumes and logs together", async () => {
    await using bench = await openBench();
    await running(bench, limited("1Mi"));
    bench.localUsage = () => Promise.resolve({ bytes: 2 ** 20 - 100, inodes: 1 });
    await prints(bench, bench.containers[0]!, 10);
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(10_000);
    await bench.until(() => bench.state === "Finished");
    expect(bench.status).toMatchObject({
      phase: "Failed",
      reason: "Evicted",
      message: "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ",
    });
    // It is nobody else's doing.
    expect(bench.status.conditions?.some(({ type }) => type === "DisruptionTarget")).toBe(false);
  });

  it("evict a pod one of whose containers has written more than its own", async () => {
    await using bench = await openBench();
    const pod = podOf([
      { name: "app", resources: { limits: { "ephemeral-storage": "4Ki" } } },
      { name: "other", resources: { limits: { "ephemeral-storage": "1Gi" } } },
    ]);
    bench.add(pod);
    await bench.started(1);
    await prints(
      bench,
      bench.containers.find(({ plan }) => plan.name === "app")!,
      10_000,
    );
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(10_000);
    await bench.until(() => bench.state === "Finished");
    expect(bench.status).toMatchObject({
      reason: "Evicted",
      message: 'Container app exceeded its local ephemeral storage limit "4Ki". ',
    });
  });

  it("are nothing to a pod that keeps them, nor to one whose disk cannot be measured once", async () => {
    await using bench = await openBench();
    await running(bench, limited("1Mi"));
    let fails = true;
    bench.localUsage = () =>
      fails ? Promise.reject(new Error("busy")) : Promise.resolve({ bytes: 2 ** 20, inodes: 1 });
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(10_000);
    await bench.until(() => bench.failures.length === 1);
    fails = false;
    await bench.until(() => bench.clock.sleeping > 0);
    await bench.clock.advance(10_000);
    await bench.until(() => bench.clock.sleeping > 0);
    expect(bench.state).toBe("Running");
  });
});
