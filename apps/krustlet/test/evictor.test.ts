import { evictionThresholdsOf } from "@krustlet/eviction";
import type { Observations, PodUse, ThresholdsInit } from "@krustlet/eviction";
import type { Eviction } from "@krustlet/kubelet";
import { FakeClock } from "@krustlet/testkit";
import type { V1Pod } from "@kubernetes/client-node";
import { pino } from "pino";
import { describe, expect, it } from "vitest";

import { nodeConfigOf } from "../src/config/node-config-of.ts";
import { readConfigFile } from "../src/config/read-config-file.ts";
import { createEvictor } from "../src/node/create-evictor.ts";
import type { Evictor } from "../src/node/create-evictor.ts";
import { evictionPolicyOf } from "../src/node/eviction-policy.ts";
import { imagesInUse } from "../src/node/images-in-use.ts";
import { observationsOf } from "../src/node/observations.ts";

const MIB = 2 ** 20;

interface Guest {
  readonly pod: V1Pod;
  memory: number;
  storage: number;
}

/** A node with so much memory and disk, and what of it pods, images and others take. */
class FakeNode implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  readonly evicted: (Eviction & { readonly name: string })[] = [];
  readonly asked: string[] = [];
  readonly evictor: Evictor;
  guests: Guest[] = [];
  imageBytes = 0;
  /** Mebibytes of guests that have ended. */
  garbage = 0;
  othersMemory = 0;
  broken = false;
  /** What a pod's end waits for. */
  ending: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  #kept: Promise<void> | undefined;

  constructor(thresholds: ThresholdsInit, maxPodGracePeriodSeconds = 0) {
    this.evictor = createEvictor({
      policy: {
        thresholds: evictionThresholdsOf(thresholds),
        pressureTransitionPeriodMs: 60_000,
        maxPodGracePeriodSeconds,
      },
      clock: this.clock,
      observe: async () => {
        this.asked.push("observe");
        if (this.broken) throw new Error("the disk is away");
        return this.#left();
      },
      removeUnusedImages: async () => {
        this.asked.push("images");
        this.imageBytes = 0;
      },
      releaseMemory: async () => {
        this.asked.push("memory");
        this.garbage = 0;
      },
      onStarved: (resource) => this.told.push(resource),
      log: pino({ level: "silent" }),
    });
  }

  add(
    name: string,
    init: { memory?: number; storage?: number; spec?: Partial<V1Pod["spec"]> & object } = {},
  ): void {
    const { memory = 0, storage = 0, spec = {} } = init;
    const pod: V1Pod = {
      metadata: { name, namespace: "default", uid: name },
      spec: { containers: [{ name: "main" }], ...spec },
    };
    this.guests.push({ pod, memory: memory * MIB, storage: storage * MIB });
  }

  keep(): void {
    this.#kept = this.evictor.keep(
      {
        consumption: async ({ storage }) =>
          this.guests.map(({ pod, memory, storage: written }) => ({
            pod,
            use: useOf(memory, storage ? written : 0),
          })),
        evict: async (uid, eviction) => {
          this.evicted.push({ name: uid, ...eviction });
          await this.ending;
          this.garbage += (this.guests.find(({ pod }) => pod.metadata?.uid === uid)?.memory ?? 0) / MIB;
          this.guests = this.guests.filter(({ pod }) => pod.metadata?.uid !== uid);
        },
      },
      this.#stop.signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#kept;
  }

  #left(): Observations {
    const used = this.guests.reduce(
      (sum, { memory }) => sum + memory,
      (this.othersMemory + this.garbage) * MIB,
    );
    const written = this.guests.reduce((sum, { storage }) => sum + storage, this.imageBytes);
    return {
      "memory.available": { available: 1000 * MIB - used, capacity: 1000 * MIB },
      "nodefs.available": { available: 100 * MIB - written, capacity: 100 * MIB },
      "imagefs.available": { available: 100 * MIB - written, capacity: 100 * MIB },
    };
  }
}

function useOf(memoryBytes: number, storageBytes: number): PodUse {
  return { containers: [{ name: "main", memoryBytes, storageBytes: 0 }], storageBytes, inodes: 1 };
}

const HARD = { hard: { "memory.available": "100Mi", "nodefs.available": "10%" } };

describe("a node that runs short of memory", () => {
  it("evicts the pod that uses most beyond what it asked for, and no more once that is enough", async () => {
    await using node = new FakeNode(HARD);
    node.add("small", { memory: 50 });
    node.add("large", { memory: 500 });
    node.add("other", { memory: 100 });
    node.keep();
    await node.clock.advance(0);
    expect(node.evicted).toEqual([]);
    node.guests[1]!.memory = 800 * MIB;
    await node.clock.advance(10_000);
    expect(node.evicted).toEqual([
      {
        name: "large",
        reason: "Evicted",
        message:
          "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. " +
          "Container main was using 800Mi, request is 0, has larger consumption of memory. ",
        signal: "memory.available",
        annotations: {
          offending_containers: "main",
          offending_containers_usage: "800Mi",
          starved_resource: "memory",
        },
        gracePeriodSeconds: 1,
        removeLogs: false,
      },
    ]);
    expect(node.told).toEqual(["memory"]);
    expect(node.asked).not.toContain("images");
    await node.clock.advance(60_000);
    expect(node.guests.map(({ pod }) => pod.metadata?.name)).toEqual(["small", "other"]);
  });

  it("goes on at once with the next pod where one is not enough, and looks no sooner than that one is gone", async () => {
    await using node = new FakeNode(HARD);
    node.othersMemory = 800;
    for (const name of ["a", "b", "c"]) node.add(name, { memory: 90 });
    const ending = Promise.withResolvers<void>();
    node.ending = ending.promise;
    node.keep();
    await node.clock.advance(30_000);
    expect(node.evicted.map(({ name }) => name)).toEqual(["a"]);
    ending.resolve();
    await node.clock.advance(0);
    expect(node.evicted.map(({ name }) => name)).toEqual(["a", "b"]);
    await node.clock.advance(60_000);
    expect(node.evicted).toHaveLength(2);
  });

  it("has the memory of ended guests given back first, and leaves pods alone where that is enough", async () => {
    await using node = new FakeNode(HARD);
    node.add("running", { memory: 500 });
    node.garbage = 450;
    node.keep();
    await node.clock.advance(0);
    expect(node.told).toEqual(["memory"]);
    expect(node.asked).toContain("memory");
    expect(node.asked).not.toContain("images");
    expect(node.evicted).toEqual([]);
  });

  it("spares critical pods, whatever they use", async () => {
    await using node = new FakeNode(HARD);
    node.add("system", { memory: 930, spec: { priority: 2_000_000_000 } });
    node.add("usual", { memory: 50, spec: { priority: 1_000_000_000 } });
    node.keep();
    await node.clock.advance(30_000);
    expect(node.evicted.map(({ name }) => name)).toEqual(["usual"]);
    expect(node.told.length).toBeGreaterThan(1);
  });

  it("counts what pods asked for", async () => {
    await using node = new FakeNode(HARD);
    const resources = { requests: { memory: "900Mi" } };
    node.add("asked", { memory: 850, spec: { containers: [{ name: "main", resources }] } });
    node.add("asked nothing", { memory: 100 });
    node.keep();
    await node.clock.advance(0);
    expect(node.evicted.map(({ name }) => name)).toEqual(["asked nothing"]);
  });

  it("gives a pod its own time, within bounds, where the threshold is a soft one that has lasted", async () => {
    await using node = new FakeNode(
      { hard: {}, soft: { "memory.available": "300Mi" }, softGracePeriod: { "memory.available": 25_000 } },
      30,
    );
    node.add("patient", { memory: 800, spec: { terminationGracePeriodSeconds: 20 } });
    node.keep();
    await node.clock.advance(20_000);
    expect(node.evictor.pressure().memoryPressure).toBe(true);
    expect(node.evicted).toEqual([]);
    await node.clock.advance(10_000);
    expect(node.evicted).toMatchObject([{ name: "patient", gracePeriodSeconds: 20 }]);
  });
});

describe("a node whose disk fills up", () => {
  it("removes images that nobody uses first, and leaves pods alone where that is enough", async () => {
    await using node = new FakeNode(HARD);
    node.imageBytes = 60 * MIB;
    node.add("writer", { storage: 35 });
    node.keep();
    await node.clock.advance(20_000);
    expect(node.told).toEqual(["ephemeral-storage"]);
    expect(node.asked).toContain("images");
    expect(node.evicted).toEqual([]);
  });

  it("evicts the pod that has written most, and its logs with it, and recovers", async () => {
    await using node = new FakeNode(HARD);
    let changes = 0;
    node.evictor.onChange(() => (changes += 1));
    node.add("quiet", { storage: 1 });
    node.add("writer", { storage: 95 });
    node.keep();
    await node.clock.advance(0);
    expect(node.evicted).toEqual([
      {
        name: "writer",
        reason: "Evicted",
        message:
          "The node was low on resource: ephemeral-storage. Threshold quantity: 10Mi, available: 4Mi. ",
        signal: "nodefs.available",
        annotations: {
          offending_containers: "",
          offending_containers_usage: "",
          starved_resource: "ephemeral-storage",
        },
        gracePeriodSeconds: 1,
        removeLogs: true,
      },
    ]);
    expect(node.evictor.pressure().diskPressure).toBe(true);
    expect(changes).toBe(1);
    await node.clock.advance(70_000);
    expect(node.evictor.pressure().diskPressure).toBe(false);
    expect(changes).toBe(2);
    expect(node.guests).toHaveLength(1);
  });
});

describe("looking what is left", () => {
  it("tells the pressure and gives up nothing, before there are pods", async () => {
    await using node = new FakeNode(HARD);
    node.othersMemory = 950;
    await node.evictor.look();
    expect(node.evictor.pressure().memoryPressure).toBe(true);
    expect(node.told).toEqual([]);
  });

  it("that fails is tried again", async () => {
    await using node = new FakeNode(HARD);
    node.add("large", { memory: 950 });
    node.broken = true;
    node.keep();
    await node.clock.advance(10_000);
    expect(node.evicted).toEqual([]);
    node.broken = false;
    await node.clock.advance(10_000);
    expect(node.evicted).toHaveLength(1);
  });

  it("is of what a machine counts, and has an end", () => {
    const machine = {
      hostname: "m",
      cpus: 1,
      memoryBytes: 8,
      availableMemoryBytes: 4,
      swapBytes: 0,
      diskBytes: 100,
      availableDiskBytes: 50,
      inodes: 0,
      freeInodes: 0,
      maxPids: Number.POSITIVE_INFINITY,
      pids: 3,
      machineID: "",
      systemUUID: "",
      bootID: "",
      kernelVersion: "",
      osImage: "",
    };
    expect(observationsOf(machine)).toEqual({
      "memory.available": { available: 4, capacity: 8 },
      "nodefs.available": { available: 50, capacity: 100 },
      "imagefs.available": { available: 50, capacity: 100 },
    });
    expect(observationsOf({ ...machine, inodes: 9, freeInodes: 2, maxPids: 10 })).toMatchObject({
      "nodefs.inodesFree": { available: 2, capacity: 9 },
      "imagefs.inodesFree": { available: 2, capacity: 9 },
      "pid.available": { available: 7, capacity: 10 },
    });
  });
});

describe("hard thresholds", () => {
  const thresholdsOf = (file: string): readonly string[] =>
    evictionPolicyOf(
      nodeConfigOf({
        flags: {},
        env: {},
        cwd: "/",
        hostname: "edge-1",
        root: "/r",
        file: readConfigFile(
          `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${file}`,
          "kubelet.yaml",
        ),
      }),
    ).thresholds.map(({ signal, value }) => `${signal} ${"text" in value ? value.text : value.share}`);

  it("are those that the settings name, or the kubelet's where they name none", () => {
    expect(thresholdsOf("evictionHard: {memory.available: 1Gi}")).toEqual(["memory.available 1Gi"]);
    expect(thresholdsOf("")).toContain("memory.available 100Mi");
  });

  it("are merged with the kubelet's where the settings say so", () => {
    const merge = "mergeDefaultEvictionSettings: true";
    expect(thresholdsOf(`evictionHard: {memory.available: 1Gi, nodefs.available: "0%"}\n${merge}`)).toEqual([
      "memory.available 1Gi",
      "nodefs.inodesFree 0.05",
      "imagefs.available 0.15",
      "imagefs.inodesFree 0.05",
    ]);
  });
});

it("images of pods that have not ended are in use, and no others", () => {
  const pod = (phase: string, imageID: string): V1Pod => ({
    status: {
      phase,
      containerStatuses: [
        { name: "c", image: "i", imageID, ready: false, restartCount: 0 },
        { name: "d", image: "i", imageID: "", ready: false, restartCount: 0 },
      ],
    },
  });
  expect(
    imagesInUse([
      pod("Running", "r@1"),
      pod("Pending", "r@1"),
      pod("Failed", "r@2"),
      pod("Succeeded", "r@3"),
      {},
    ]),
  ).toEqual(["r@1"]);
});
