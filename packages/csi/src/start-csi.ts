import { join } from "node:path";

import { systemClock } from "@krustlet/clock";
import type { Clock, CsiVolumes } from "@krustlet/interface";

import { ByKey } from "./by-key.ts";
import type { CsiCluster } from "./cluster.ts";
import type { RpcLimits } from "./csi-driver.ts";
import { DriverRegistry } from "./driver-registry.ts";
import { keepPlugin } from "./keep-plugin.ts";
import type { CsiNodeOwner } from "./plan-csi-node.ts";
import { putCsiNode } from "./put-csi-node.ts";
import { VolumePublisher } from "./volume-publisher.ts";
import { watchSockets } from "./watch-sockets.ts";

/** How {@link startCsi} is put together. */
export interface StartCsiInit {
  /** Absolute; volumes are staged in `plugins/kubernetes.io/csi` beneath it. */
  readonly rootDirectory: string;
  /** Where plugins put their sockets. Default: `plugins_registry` beneath the root. */
  readonly pluginsDirectory?: string;
  readonly cluster: CsiCluster;
  /** The Node, whose CSINode tells of its drivers. */
  readonly node: () => CsiNodeOwner;
  /** Drivers are looked for once it resolves: the cluster can be told of them. Default: at once. */
  readonly ready?: Promise<void>;
  readonly clock?: Clock;
  /** Milliseconds that a driver may take. Default: 10 s for a question, 2 min for mounting and unmounting. */
  readonly limits?: RpcLimits;
  /** Milliseconds that a driver that is not registered is waited for. Default: 2 s to publish, 10 s to unpublish. */
  readonly waitMs?: { readonly publish: number; readonly unpublish: number };
  readonly onRegistered?: (driver: string, socket: string) => void;
  readonly onUnregistered?: (driver: string, socket: string) => void;
  /** Told why a plugin cannot be registered yet, or its directory not be watched; it is tried again. */
  readonly onFailure?: (path: string, error: unknown) => void;
}

/** CSI on this node. Disposing ends the watch and all calls, and leaves what is published as it is. */
export interface Csi extends CsiVolumes, Disposable {}

/** Begins to look for drivers, and publishes volumes by those that there are. */
export function startCsi(init: StartCsiInit): Csi {
  const { rootDirectory, cluster, node, clock = systemClock } = init;
  const { limits = { askMs: 10_000, volumeMs: 120_000 }, waitMs = { publish: 2000, unpublish: 10_000 } } =
    init;
  const { onRegistered = () => {}, onUnregistered = () => {}, onFailure = () => {} } = init;
  const directory = init.pluginsDirectory ?? join(rootDirectory, "plugins_registry");
  const registry = new DriverRegistry(clock);
  const publisher = new VolumePublisher({ rootDirectory, cluster, registry, waitMs });
  const byDriver = new ByKey();
  const closed = new AbortController();
  const { signal } = closed;

  /** Its plugin is gone: pods that need it are no longer for this node. */
  const forget = async (driver: string, socket: string): Promise<void> => {
    // The plugin is gone with the node's process as far as the cluster can see: it comes back with the next one.
    if (signal.aborted) return;
    onUnregistered(driver, socket);
    try {
      if (registry.get(driver) === undefined)
        await putCsiNode(cluster, node(), driver, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) onFailure(socket, error);
    }
  };
  const context = {
    cluster,
    node,
    registry,
    byDriver,
    limits,
    clock,
    onRegistered,
    onUnregistered: (driver: string, socket: string) => void forget(driver, socket),
    onFailure,
  };
  const lookForDrivers = (): Promise<void> =>
    watchSockets(
      {
        directory,
        clock,
        onSocket: (path, gone) => void keepPlugin(path, context, gone),
        onFailure: (error) => onFailure(directory, error),
      },
      signal,
    );
  if (init.ready === undefined) void lookForDrivers();
  else void init.ready.then(lookForDrivers);
  return {
    publish: (volume, options) => publisher.publish(volume, options),
    unpublish: (path, options) => publisher.unpublish(path, options),
    [Symbol.dispose]: () => closed.abort(new Error("the node ends")),
  };
}
