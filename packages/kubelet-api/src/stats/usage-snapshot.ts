import { cpus, freemem, totalmem, uptime } from "node:os";

import type { Clock, ContainerUsage, PodKey } from "@krustlet/interface";

import { createAnswerCache } from "../answer-cache.ts";

/** What one running container uses. */
export interface ContainerUsageSample extends ContainerUsage {
  readonly pod: PodKey;
  readonly container: string;
  readonly startedAt: Date;
}

/** What the whole machine uses. */
interface NodeUsage {
  /** CPU time since it was started, in microseconds. */
  readonly cpuMicros: number;
  readonly workingSetBytes: number;
  readonly availableBytes: number;
  readonly startedAt: Date;
}

/** What was used at one time. */
export interface UsageSnapshot {
  readonly at: Date;
  readonly node: NodeUsage;
  readonly containers: readonly ContainerUsageSample[];
}

/** How {@link createUsageSnapshots} measures. */
export interface UsageSnapshotsInit {
  readonly clock: Pick<Clock, "now" | "elapsed">;
  readonly usage: () => Promise<readonly ContainerUsageSample[]>;
  /** Default: this machine. */
  readonly nodeUsage?: (now: Date) => NodeUsage;
}

/** Whoever asks more often is given what was measured last. */
const AGE_MS = 1000;

/** Measures what is used, when somebody asks. */
export function createUsageSnapshots(init: UsageSnapshotsInit): () => Promise<UsageSnapshot> {
  const { clock, usage, nodeUsage = usageOfMachine } = init;
  const cache = createAnswerCache<UsageSnapshot>({ clock, ttlMsOf: () => AGE_MS, capacity: 1 });
  return () =>
    cache.get("", async () => {
      const containers = await usage();
      const at = clock.now();
      return { at, node: nodeUsage(at), containers };
    });
}

function usageOfMachine(now: Date): NodeUsage {
  const times = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  const availableBytes = freemem();
  return {
    cpuMicros: times.reduce((sum, ms) => sum + ms, 0) * 1000,
    workingSetBytes: totalmem() - availableBytes,
    availableBytes,
    startedAt: new Date(now.getTime() - uptime() * 1000),
  };
}
