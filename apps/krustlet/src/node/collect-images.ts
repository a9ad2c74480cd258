import type { DirectoryImageStore } from "@krustlet/image-store";
import type { V1Pod } from "@kubernetes/client-node";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";
import { systemClock } from "@krustlet/clock";
import { every } from "./every.ts";
import { imagesInUse } from "./images-in-use.ts";

/** How often the kubelet collects images. */
const PERIOD_MS = 5 * 60_000;

/** Removes unused images by age and disk use, every five minutes until the signal is aborted; then it resolves. */
export function collectImages(
  images: DirectoryImageStore,
  {
    config,
    pods,
    log,
    signal,
  }: {
    readonly config: NodeConfig;
    /** The pods that are known, with their newest status. */
    readonly pods: () => readonly V1Pod[];
    readonly log: Logger;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  return every({
    ms: PERIOD_MS,
    clock: systemClock,
    signal,
    work: async () => {
      const { removed, freed, missing } = await images.collectGarbage({
        highThresholdPercent: config.imageGCHighThresholdPercent,
        lowThresholdPercent: config.imageGCLowThresholdPercent,
        minAge: config.imageMinimumGCAge,
        maxAge: config.imageMaximumGCAge,
        inUse: imagesInUse(pods()),
      });
      if (freed > 0) log.info({ removed, freed }, "images were collected");
      if (missing > 0) log.warn({ missing }, "the disk is full, and no more images can go");
    },
    onError: (err) => log.warn({ err }, "images cannot be collected"),
  });
}
