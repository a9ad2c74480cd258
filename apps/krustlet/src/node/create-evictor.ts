import { isCriticalPod, podRequestsOf } from "@krustlet/admission";
import {
  evictionAnnotationsOf,
  evictionGraceOf,
  evictionMessageOf,
  FIRST_EVICTION_STATE,
  isDiskSignal,
  isRelieved,
  planEviction,
  rankForEviction,
} from "@krustlet/eviction";
import type {
  EvictionCandidate,
  EvictionPlan,
  EvictionPolicy,
  Observations,
  PodUse,
  Pressure,
  StarvedResource,
} from "@krustlet/eviction";
import type { Clock } from "@krustlet/interface";
import { podKeyOf } from "@krustlet/kubelet";
import type { Kubelet } from "@krustlet/kubelet";
import type { V1Pod } from "@kubernetes/client-node";
import type { Logger } from "pino";

import { podFields } from "../log/node-log.ts";

/** How often the kubelet looks. */
const PERIOD_MS = 10_000;
const CALM: Pressure = { memoryPressure: false, diskPressure: false, pidPressure: false };

/** What {@link createEvictor} works with. */
export interface EvictorInit {
  readonly policy: EvictionPolicy;
  readonly clock: Clock;
  /** What is left on the machine now. */
  readonly observe: () => Promise<Observations>;
  /** Removes images that nobody uses, as many as there are. */
  readonly removeUnusedImages: () => Promise<void>;
  /** Gives the memory of guests that have ended back to the machine. */
  readonly releaseMemory: () => Promise<void>;
  /** Told each time that something is to be reclaimed. */
  readonly onStarved: (resource: StarvedResource) => void;
  readonly log: Logger;
}

/** Watches what is left on a node, tells its pressures, and gives up images and pods for them. */
export interface Evictor {
  /** The pressures that the node is under, or was until lately. */
  pressure(): Pressure;
  /** Calls `tell` whenever {@link pressure} gives something else. Returns how to stop that. */
  onChange(tell: () => void): () => void;
  /** Looks what is left, and gives up nothing. */
  look(): Promise<void>;
  /**
   * Looks every ten seconds, and gives up images, or the memory of guests that have ended, and then pods, one after the other, each gone before it looks again;
   * until the signal is aborted: then it resolves.
   */
  keep(pods: Pick<Kubelet, "consumption" | "evict">, signal: AbortSignal): Promise<void>;
}

interface Candidate extends EvictionCandidate {
  readonly pod: V1Pod;
}

/** Makes the one evictor of a node. */
export function createEvictor(init: EvictorInit): Evictor {
  const { policy, clock, observe, removeUnusedImages, releaseMemory, onStarved, log } = init;
  const told = new Set<() => void>();
  let state = FIRST_EVICTION_STATE;
  let pressure = CALM;

  const plan = async (): Promise<EvictionPlan & { readonly observations: Observations }> => {
    const observations = await observe();
    const planned = planEviction(state, observations, policy, clock.now());
    state = planned.state;
    const before = pressure;
    pressure = planned.pressure;
    if (!isSame(before, pressure)) for (const tell of told) tell();
    return { ...planned, observations };
  };

  /** Tells whether a pod has gone. */
  const relieve = async (
    pods: Pick<Kubelet, "consumption" | "evict">,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const { starved, observations } = await plan();
    if (starved === undefined) return false;
    const { resource, threshold } = starved;
    onStarved(resource);
    const isDisk = isDiskSignal(threshold.signal);
    const reclaim = async (): Promise<void> => {
      if (isDisk) await removeUnusedImages();
      if (resource === "memory") await releaseMemory();
    };
    await reclaim().catch((err: unknown) => log.warn({ err, resource }, "only pods can be given up"));
    if (isRelieved(await observe(), policy)) return false;
    const candidates = (await pods.consumption({ storage: isDisk })).map(candidateOf);
    const victim = rankForEviction(candidates, resource).find(({ pod }) => !isCriticalPod(pod));
    if (victim === undefined) {
      log.warn({ resource }, `the node is low on ${resource}, and no pod can go`);
      return false;
    }
    const { pod, use } = victim;
    const key = podKeyOf(pod);
    const message = evictionMessageOf(threshold, observations, pod, use);
    const gracePeriodSeconds = evictionGraceOf(threshold, pod, policy);
    log.warn({ ...podFields(key), resource, gracePeriodSeconds }, `the pod is evicted: ${message.trim()}`);
    const annotations = evictionAnnotationsOf(threshold, pod, use);
    const { signal: reached } = threshold;
    const eviction = {
      reason: "Evicted",
      message,
      signal: reached,
      annotations,
      gracePeriodSeconds,
      removeLogs: isDisk,
    };
    await pods.evict(key.uid, eviction, { signal });
    // Else what it has given up would not be seen, and the next one would have to go.
    if (resource === "memory") await releaseMemory();
    return true;
  };

  return {
    pressure: () => pressure,
    onChange: (tell) => {
      told.add(tell);
      return () => told.delete(tell);
    },
    look: async () => {
      await plan();
    },
    keep: async (pods, signal) => {
      while (!signal.aborted) {
        try {
          if (!(await relieve(pods, signal))) await clock.sleep(PERIOD_MS, { signal });
        } catch (err) {
          if (signal.aborted) return;
          log.warn({ err }, "it cannot be seen what is left on the node");
          await clock.sleep(PERIOD_MS, { signal }).catch(() => undefined);
        }
      }
    },
  };
}

function candidateOf({ pod, use }: { readonly pod: V1Pod; readonly use: PodUse | undefined }): Candidate {
  return { pod, use, requests: requestsOf(pod) };
}

/** In bytes; none where they cannot be read. */
function requestsOf(pod: V1Pod): EvictionCandidate["requests"] {
  try {
    const requests = podRequestsOf(pod);
    const bytesOf = (resource: string): number => Number((requests.get(resource) ?? 0n) / 1_000_000_000n);
    return { memory: bytesOf("memory"), "ephemeral-storage": bytesOf("ephemeral-storage") };
  } catch {
    return { memory: 0, "ephemeral-storage": 0 };
  }
}

function isSame(a: Pressure, b: Pressure): boolean {
  return (
    a.memoryPressure === b.memoryPressure &&
    a.diskPressure === b.diskPressure &&
    a.pidPressure === b.pidPressure
  );
}
