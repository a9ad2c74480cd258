import { describe, expect, it } from "vitest";
import {
  evictionAnnotationsOf,
  evictionGraceOf,
  evictionMessageOf,
  evictionThresholdsOf,
  hasStorageLimit,
  parseEvictionThresholds,
  storageExcessOf,
} from "../src/index.ts";
import type { EvictionPod, EvictionThreshold, PodUse } from "../src/index.ts";

const MIB = 2 ** 20;

function threshold(text: string): EvictionThreshold {
  return parseEvictionThresholds(text)[0]!;
}

function using(containers: Record<string, readonly [memory: number, storage: number]>, volumes = 0): PodUse {
  const all = Object.entries(containers).map(([name, [memoryBytes, storageBytes]]) => ({
    name,
    memoryBytes,
    storageBytes,
  }));
  return {
    containers: all,
    storageBytes: all.reduce((sum, { storageBytes }) => sum + storageBytes, volumes),
    inodes: 3,
  };
}

describe("the message of a pod that has to go", () => {
  const pod: EvictionPod = {
    metadata: { name: "p" },
    spec: {
      containers: [{ name: "app", resources: { requests: { memory: "64Mi" } } }, { name: "helper" }],
      initContainers: [{ name: "sidecar", restartPolicy: "Always" }],
    },
  };

  it("says what the node is low on, and which containers use more of it than they asked for", () => {
    const left = { "memory.available": { available: 87.5 * MIB, capacity: 8192 * MIB } };
    const use = using({ app: [80 * MIB, 0], helper: [64 * 1024, 0], sidecar: [0, 0] });
    expect(evictionMessageOf(threshold("memory.available<100Mi"), left, pod, use)).toBe(
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: 89600Ki. " +
        "Container app was using 80Mi, request is 64Mi, has larger consumption of memory. " +
        "Container helper was using 64Ki, request is 0, has larger consumption of memory. ",
    );
  });

  it("tells a share of the disk as the amount that it is, and the containers' own writing alone", () => {
    const left = { "nodefs.available": { available: 0, capacity: 64 * MIB } };
    const use = using({ app: [0, 8192], helper: [0, 0] }, 40 * MIB);
    expect(evictionMessageOf(threshold("nodefs.available<25%"), left, pod, use)).toBe(
      "The node was low on resource: ephemeral-storage. Threshold quantity: 16Mi, available: 0. " +
        "Container app was using 8Ki, request is 0, has larger consumption of ephemeral-storage. ",
    );
  });

  it("is told to programs by annotations", () => {
    const use = using({ app: [80 * MIB, 0], helper: [64 * 1024, 0], sidecar: [0, 0] });
    const annotationsOf = (text: string, of: PodUse | undefined): Readonly<Record<string, string>> =>
      evictionAnnotationsOf(threshold(text), pod, of);
    expect(annotationsOf("memory.available<100Mi", use)).toEqual({
      offending_containers: "app,helper",
      offending_containers_usage: "80Mi,64Ki",
      starved_resource: "memory",
    });
    expect(annotationsOf("nodefs.inodesFree<5%", use)).toEqual({
      offending_containers: "",
      offending_containers_usage: "",
      starved_resource: "inodes",
    });
    expect(annotationsOf("memory.available<100Mi", undefined)).toEqual({});
  });

  it("names no container where inodes or processes are short, or the pod could not be measured", () => {
    const left = { "nodefs.inodesFree": { available: 2000, capacity: 65_536 } };
    expect(evictionMessageOf(threshold("nodefs.inodesFree<5%"), left, pod, using({ app: [0, 1] }))).toBe(
      "The node was low on resource: inodes. Threshold quantity: 3276, available: 2k. ",
    );
    const memory = { "memory.available": { available: 1, capacity: 2 } };
    expect(evictionMessageOf(threshold("memory.available<100Mi"), memory, pod, undefined)).toBe(
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: 1. ",
    );
  });

  it("tells what the Pod asked for as a whole", () => {
    const left = { "memory.available": { available: 0, capacity: MIB } };
    const whole: EvictionPod = {
      metadata: { name: "p" },
      spec: { containers: [{ name: "app" }], resources: { requests: { memory: "1Mi" } } },
    };
    expect(
      evictionMessageOf(threshold("memory.available<1Gi"), left, whole, using({ app: [MIB / 2, 0] })),
    ).toBe(
      "The node was low on resource: memory. Threshold quantity: 1Gi, available: 0. " +
        "Pod p was using 512Ki, request is 1Mi, has larger consumption of memory. " +
        "Container app was using 512Ki, request is 0, has larger consumption of memory. ",
    );
    expect(
      evictionAnnotationsOf(threshold("memory.available<1Gi"), whole, using({ app: [MIB / 2, 0] })),
    ).toMatchObject({ offending_pod: "p", offending_pod_usage: "512Ki", offending_containers: "app" });
  });
});

describe("the time that a pod has to end", () => {
  const patient: EvictionPod = { spec: { containers: [], terminationGracePeriodSeconds: 60 } };
  const soft = evictionThresholdsOf({
    hard: {},
    soft: "memory.available<1Gi",
    softGracePeriod: { "memory.available": 1 },
  })[0]!;

  it("is a second because of a hard threshold", () => {
    const hard = threshold("memory.available<1Gi");
    expect(evictionGraceOf(hard, patient, { maxPodGracePeriodSeconds: 600 })).toBe(1);
  });

  it("is its own because of a soft one, and no more than the node gives", () => {
    expect(evictionGraceOf(soft, patient, { maxPodGracePeriodSeconds: 600 })).toBe(60);
    expect(evictionGraceOf(soft, patient, { maxPodGracePeriodSeconds: 10 })).toBe(10);
    expect(evictionGraceOf(soft, { spec: { containers: [] } }, { maxPodGracePeriodSeconds: 10 })).toBe(10);
  });
});

describe("a pod with limits of ephemeral storage", () => {
  const limited = (...limits: readonly (string | undefined)[]): EvictionPod => ({
    spec: {
      containers: limits.map((limit, index) => ({
        name: `c${index}`,
        resources: limit === undefined ? {} : { limits: { "ephemeral-storage": limit } },
      })),
    },
  });

  it("is known by any container's", () => {
    expect(hasStorageLimit(limited(undefined, "1Mi"))).toBe(true);
    expect(hasStorageLimit(limited(undefined))).toBe(false);
    expect(hasStorageLimit({})).toBe(false);
  });

  it("has to go when all of it is more than all limits together", () => {
    const pod = limited("1Mi", "2Mi", undefined);
    expect(storageExcessOf(pod, using({ c0: [0, 100] }, 3 * MIB - 100))).toBeUndefined();
    expect(storageExcessOf(pod, using({ c0: [0, 100] }, 3 * MIB))).toEqual({
      message: "Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. ",
      signal: "ephemeralpodfs.limit",
    });
    expect(storageExcessOf(pod, using({}, Number.POSITIVE_INFINITY))?.message).toContain(
      "exceeds the total limit",
    );
  });

  it("has to go when a container has written more than its own", () => {
    const pod = limited("1Mi", "2Mi");
    expect(storageExcessOf(pod, using({ c0: [0, MIB], c1: [0, 1] }))).toBeUndefined();
    expect(storageExcessOf(pod, using({ c0: [0, MIB + 1] }))).toEqual({
      message: 'Container c0 exceeded its local ephemeral storage limit "1Mi". ',
      signal: "ephemeralcontainerfs.limit",
    });
    expect(storageExcessOf(limited("0"), using({ c0: [0, 0] }))).toBeUndefined();
  });

  it("counts what init containers may write: the greediest one beside the sidecars before it", () => {
    const own = (name: string, limit: string, more = {}) => ({
      name,
      resources: { limits: { "ephemeral-storage": limit } },
      ...more,
    });
    const pod: EvictionPod = {
      spec: {
        containers: [own("app", "1Mi")],
        initContainers: [own("side", "2Mi", { restartPolicy: "Always" }), own("first", "4Mi")],
      },
    };
    expect(storageExcessOf(pod, using({}, 6 * MIB))).toBeUndefined();
    expect(storageExcessOf(pod, using({}, 6 * MIB + 1))?.message).toContain(
      "total limit of containers 6Mi. ",
    );
  });

  it("without any is nobody's to judge", () => {
    expect(storageExcessOf(limited(undefined), using({ c0: [0, 2 ** 40] }))).toBeUndefined();
  });
});
