import type { ImageStore } from "@krustlet/interface";
import { measureMachine } from "@krustlet/node";
import type { DeviceResources } from "@krustlet/device-plugins";
import type { Pressure } from "@krustlet/eviction";
import type { V1Node } from "@kubernetes/client-node";

import type { NodeConfig } from "../config/settings.ts";
import { systemClock } from "@krustlet/clock";
import { version } from "../version.ts";
import { nodeObjectOf } from "./node-object.ts";

/** What {@link createNodeComputer} looks at. */
export interface NodeComputerInit {
  readonly config: NodeConfig;
  readonly addresses: readonly string[];
  readonly images: Pick<ImageStore, "list">;
  /** Where the HTTPS API listens; undefined where it does not, or not yet. */
  readonly port: () => number | undefined;
  /** The devices of plugins. */
  readonly devices: () => DeviceResources;
  /** The pressures that the node is under. */
  readonly pressure: () => Pressure;
  /** Why the node cannot run pods, a sentence each. */
  readonly errors: () => readonly string[];
}

/** Computes the Node as it should be, from what is measured now and the one that the API server has. */
export function createNodeComputer(init: NodeComputerInit): (existing?: V1Node) => Promise<V1Node> {
  const { config, addresses, images } = init;
  return async (existing) => {
    const [machine, stored] = await Promise.all([
      measureMachine({ rootDirectory: config.root }),
      images.list(),
    ]);
    return nodeObjectOf({
      config,
      version: version(),
      machine,
      addresses,
      port: init.port() ?? config.port,
      images: stored,
      existing,
      devices: init.devices(),
      pressure: init.pressure(),
      errors: init.errors(),
      now: systemClock.now(),
    });
  };
}
