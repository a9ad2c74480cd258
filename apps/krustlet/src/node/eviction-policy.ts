import { DEFAULT_EVICTION_HARD, evictionThresholdsOf } from "@krustlet/eviction";
import type { EvictionPolicy } from "@krustlet/eviction";

import type { NodeConfig } from "../config/settings.ts";

/** Pure: by what a node decides that it runs short. */
export function evictionPolicyOf(config: NodeConfig): EvictionPolicy {
  return {
    thresholds: evictionThresholdsOf({
      hard: hardThresholdsOf(config),
      soft: config.evictionSoft,
      softGracePeriod: config.evictionSoftGracePeriod,
      minimumReclaim: config.evictionMinimumReclaim,
    }),
    pressureTransitionPeriodMs: config.evictionPressureTransitionPeriod,
    maxPodGracePeriodSeconds: config.evictionMaxPodGracePeriod,
  };
}

/** Pure: the hard thresholds by signal, with the defaults of those that are not named where the settings want them. */
export function hardThresholdsOf(config: NodeConfig): Readonly<Record<string, string>> {
  const { evictionHard, mergeDefaultEvictionSettings } = config;
  return mergeDefaultEvictionSettings ? { ...DEFAULT_EVICTION_HARD, ...evictionHard } : evictionHard;
}
