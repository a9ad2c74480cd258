import { join } from "node:path";

import { startDevicePlugins } from "@krustlet/device-plugins";
import type { DevicePlugins, DeviceResources } from "@krustlet/device-plugins";
import type { DevicePort } from "@krustlet/kubelet";
import type { Logger } from "pino";

import type { NodeConfig } from "../config/settings.ts";

/** The devices of plugins, as a node's status and its pods see them. */
export interface NodeDevices extends DevicePort, AsyncDisposable {
  resources(): DeviceResources;
  /** How many devices of each resource pods hold, whether the plugin is there or not. */
  held(): Readonly<Record<string, string>>;
  /** Calls `tell` whenever {@link resources} gives something else. Returns how to stop that. */
  onChange(tell: () => void): () => void;
}

/**
 * Takes device plugins at the directory of the configuration. Where none is set, and the one beneath the root cannot be
 * used, the node has no devices, and says so.
 */
export async function openDevices(config: NodeConfig, log: Logger): Promise<NodeDevices> {
  const told = new Set<() => void>();
  const start = (directory: string): Promise<DevicePlugins> =>
    startDevicePlugins({
      directory,
      onWarning: (message) => log.warn(message),
      onChanged: () => {
        for (const tell of told) tell();
      },
    });
  const plugins =
    config.devicePluginsDir === ""
      ? await start(join(config.root, "device-plugins")).catch((err: unknown) => {
          log.warn({ err }, `device plugins cannot register: ${String(err)}`);
          return undefined;
        })
      : await start(config.devicePluginsDir);
  return {
    resources: () => plugins?.resources() ?? { capacity: {}, reserved: {} },
    held: () => plugins?.held() ?? {},
    onChange: (tell) => {
      told.add(tell);
      return () => told.delete(tell);
    },
    allocate: async (pod, container, options) =>
      plugins?.allocate(pod, container, options) ?? { env: {}, mounts: [], withheld: [] },
    release: async (uid) => plugins?.release(uid),
    retain: async (uids) => plugins?.retain(uids),
    [Symbol.asyncDispose]: async () => plugins?.[Symbol.asyncDispose](),
  };
}
