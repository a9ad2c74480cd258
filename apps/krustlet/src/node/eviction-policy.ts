import { evictionThresholdsOf } from "@krustlet/eviction";
import type { EvictionPolicy } from "@krustlet/eviction";

import type { NodeConfig } from "../config/settings.ts";

/** Pure: by what a node decides that it runs short. */
export function evictionPolicyOf(config: NodeConfig): EvictionPolicy {
  return {
    thresholds: evictionThresholdsOf({
      hard: config.evictionHard,
      soft: config.evictionSoft,
      softGracePeriod: config.evictionSoftGracePeriod,
      minimumReclaim: config.evictionMinimumReclaim,
    }),
    pressureTransitionPeriodMs: config.evictionPressureTransitionPeriod,
    maxPodGracePeriodSeconds: config.evictionMaxPodGracePeriod,
  };
}
