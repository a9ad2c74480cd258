import type { PodKey } from "@krustlet/interface";

import type { ContainerUsageSample } from "./usage-snapshot.ts";

/** What a pod uses: the sum of its running containers. */
export interface PodUsage {
  readonly pod: PodKey;
  readonly cpuMicros: number;
  readonly memoryBytes: number;
  readonly containers: readonly ContainerUsageSample[];
}

/** Containers by their pods, in their order. */
export function podUsagesOf(containers: readonly ContainerUsageSample[]): readonly PodUsage[] {
  const pods = Map.groupBy(containers, ({ pod }) => pod.uid);
  return [...pods.values()].flatMap((each) => {
    const pod = each[0]?.pod;
    if (pod === undefined) return [];
    return [
      {
        pod,
        cpuMicros: each.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0),
        memoryBytes: each.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
        containers: each,
      },
    ];
  });
}
