import type { V1Pod } from "@kubernetes/client-node";

import type { CpuRates } from "./cpu-rates.ts";
import { podUsagesOf } from "./pod-usage.ts";
import type { UsageSnapshot } from "./usage-snapshot.ts";

/** `stats.k8s.io/v1alpha1` CPUStats. */
interface CpuStats {
  readonly time: string;
  readonly usageNanoCores: number;
  readonly usageCoreNanoSeconds: number;
}

/** `stats.k8s.io/v1alpha1` MemoryStats. */
interface MemoryStats {
  readonly time: string;
  readonly availableBytes?: number;
  readonly usageBytes: number;
  readonly workingSetBytes: number;
}

interface PodStats {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly startTime?: string;
  readonly containers: readonly {
    readonly name: string;
    readonly startTime: string;
    readonly cpu: CpuStats;
    readonly memory: MemoryStats;
  }[];
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
}

/** The CPU and memory part of a `stats.k8s.io/v1alpha1` Summary. */
export interface Summary {
  readonly node: {
    readonly nodeName: string;
    readonly startTime: string;
    readonly cpu: CpuStats;
    readonly memory: MemoryStats;
  };
  readonly pods: readonly PodStats[];
}

/** What `/stats/summary` shows. */
export function summaryOf(
  { at, node, containers }: UsageSnapshot,
  init: { readonly nodeName: string; readonly pods: readonly V1Pod[]; readonly rates: CpuRates },
): Summary {
  const { nodeName, pods, rates } = init;
  const cpu = (cores: number, cpuMicros: number): CpuStats => ({
    time: timeOf(at),
    usageNanoCores: Math.round(cores * 1e9),
    usageCoreNanoSeconds: Math.round(cpuMicros * 1000),
  });
  const memory = (bytes: number): MemoryStats => ({
    time: timeOf(at),
    usageBytes: bytes,
    workingSetBytes: bytes,
  });
  const startTimes = new Map(pods.map(({ metadata, status }) => [metadata?.uid, status?.startTime]));
  const nodeCores = rates.coresOf("node", node.cpuMicros, at, node.startedAt);
  const podStats = podUsagesOf(containers).map(({ pod, cpuMicros, memoryBytes, containers }): PodStats => {
    const { name, namespace, uid } = pod;
    const cores = containers.map((each) =>
      rates.coresOf(
        `${uid}/${each.container}/${each.startedAt.getTime()}`,
        each.cpuMicros,
        at,
        each.startedAt,
      ),
    );
    const startTime = startTimes.get(uid);
    return {
      podRef: { name, namespace, uid },
      startTime: startTime === undefined ? undefined : timeOf(new Date(startTime)),
      containers: containers.map((each, index) => ({
        name: each.container,
        startTime: timeOf(each.startedAt),
        cpu: cpu(cores[index] ?? 0, each.cpuMicros),
        memory: memory(each.memoryBytes),
      })),
      cpu: cpu(
        cores.reduce((sum, each) => sum + each, 0),
        cpuMicros,
      ),
      memory: memory(memoryBytes),
    };
  });
  rates.forgetOthers();
  return {
    node: {
      nodeName,
      startTime: timeOf(node.startedAt),
      cpu: cpu(nodeCores, node.cpuMicros),
      memory: { ...memory(node.workingSetBytes), availableBytes: node.availableBytes },
    },
    pods: podStats,
  };
}

function timeOf(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
