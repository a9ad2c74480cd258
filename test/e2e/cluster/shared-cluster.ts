import type { Cluster } from "@krustlet/control-plane";
import { openCluster } from "@krustlet/control-plane";
import { inject } from "vitest";

/** The cluster that all files share. Nobody stops parts of it: that takes `startControlPlane()`. */
export function sharedCluster(): Promise<Cluster> {
  return openCluster(inject("cluster"));
}
