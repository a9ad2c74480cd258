/**
 * When a node runs short of memory, disk or processes, and what it gives up then: thresholds, pressure, ranking and words
 * of the kubelet's node-pressure eviction. Pure.
 *
 * @example
 * ```ts
 * import { evictionThresholdsOf, FIRST_EVICTION_STATE, planEviction } from "@krustlet/eviction";
 *
 * const thresholds = evictionThresholdsOf({ hard: "memory.available<100Mi" });
 * const policy = { thresholds, pressureTransitionPeriodMs: 300_000, maxPodGracePeriodSeconds: 0 };
 * const left = { "memory.available": { available: 50 * 2 ** 20, capacity: 2 ** 30 } };
 * planEviction(FIRST_EVICTION_STATE, left, policy, new Date()).starved?.resource; // "memory"
 * ```
 *
 * @packageDocumentation
 */
export { evictionAnnotationsOf, evictionGraceOf, evictionMessageOf } from "./eviction-message.ts";
export { evictionReservationOf } from "./eviction-reservation.ts";
export type { EvictionSignal, Pressure, StarvedResource } from "./eviction-signal.ts";
export type { EvictionThreshold, Observation, Observations, ThresholdAmount } from "./eviction-threshold.ts";
export {
  DEFAULT_EVICTION_HARD,
  demandEvictionSignals,
  evictionThresholdsOf,
  parseEvictionThresholds,
  parseMinimumReclaims,
} from "./parse-thresholds.ts";
export type { ThresholdsInit, ThresholdSource } from "./parse-thresholds.ts";
export type { PressureTimes } from "./hold-pressure.ts";
export { FIRST_EVICTION_STATE, isDiskSignal, isRelieved, planEviction } from "./plan-eviction.ts";
export type { EvictionPlan, EvictionPolicy, EvictionState } from "./plan-eviction.ts";
export type { ContainerUse, EvictionPod, PodUse } from "./pod-use.ts";
export { rankForEviction } from "./rank-pods.ts";
export type { EvictionCandidate } from "./rank-pods.ts";
export { hasStorageLimit, storageExcessOf } from "./storage-excess.ts";
export type { StorageExcess } from "./storage-excess.ts";
