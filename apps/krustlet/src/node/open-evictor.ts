import { systemClock } from "@krustlet/clock";
import type { DirectoryImageStore } from "@krustlet/image-store";
import type { EventRecorder } from "@krustlet/kube";
import { measureMachine } from "@krustlet/node";
import type { V1Pod } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";
import { createEvictor } from "./create-evictor.ts";
import type { Evictor } from "./create-evictor.ts";
import { evictionPolicyOf } from "./eviction-policy.ts";
import { imagesInUse } from "./images-in-use.ts";
import { observationsOf } from "./observations.ts";
import { recordNodeEvent } from "./record-events.ts";

/** What {@link openEvictor} is put together of. */
export interface OpenEvictorInit {
  readonly config: NodeConfig;
  readonly images: DirectoryImageStore;
  readonly recorder: EventRecorder;
  /** Gives the memory of guests that have ended back to the machine. */
  readonly releaseMemory: () => Promise<void>;
  /** The pods that are known, with their newest status. */
  readonly pods: () => readonly V1Pod[];
  readonly log: Logger;
}

/** The evictor of this machine, by the node's settings. */
export function openEvictor({
  config,
  images,
  recorder,
  releaseMemory,
  pods,
  log,
}: OpenEvictorInit): Evictor {
  return createEvictor({
    policy: evictionPolicyOf(config),
    clock: systemClock,
    observe: async () => observationsOf(await measureMachine({ rootDirectory: config.root })),
    releaseMemory,
    removeUnusedImages: async () => {
      const { removed, freed } = await images.collectGarbage({
        all: true,
        minAge: config.imageMinimumGCAge,
        inUse: imagesInUse(pods()),
      });
      if (removed.length > 0) log.info({ removed, freed }, "images that nobody uses were removed");
    },
    onStarved: (resource) => {
      const message = `Attempting to reclaim ${resource}`;
      log.warn({ resource }, message);
      recordNodeEvent(recorder, config.nodeName, {
        type: "Warning",
        reason: "EvictionThresholdMet",
        message,
      });
    },
    log,
  });
}
