import { lstat } from "node:fs/promises";
import { join } from "node:path";

import { KrustletError } from "@krustlet/interface";

import { devicesOf, healthyOf } from "./devices-of.ts";
import type { Devices } from "./devices-of.ts";
import { loadPluginApi } from "./load-plugin-api.ts";
import type { RegisterRequest } from "./messages.ts";
import { openPlugin } from "./open-plugin.ts";
import type { PluginConnection } from "./open-plugin.ts";
import { registrationOf } from "./registration-of.ts";
import type { Registration } from "./registration-of.ts";

/** The resources that plugins have, or have had. */
export interface PluginRegistry extends Disposable {
  /** Takes a plugin; one of the same resource before it is hung up on. @throws KrustletError `InvalidField`, `CapacityExceeded`. */
  register(request: RegisterRequest): void;
  /** Names that are reported, with no devices until a plugin lists some. */
  know(resources: readonly string[]): void;
  resources(): readonly string[];
  isKnown(resource: string): boolean;
  devicesOf(resource: string): Devices;
  /** The plugin of a resource, where it is there. */
  connectionOf(resource: string): PluginConnection | undefined;
}

/** What {@link createPluginRegistry} needs. */
export interface RegistryInit {
  readonly directory: string;
  readonly callTimeoutMs: number;
  readonly onWarning: (message: string) => void;
  /** Told when what there is to report, or to be kept, is another. */
  readonly onChanged: () => void;
}

interface KnownResource {
  devices: Devices;
  connection: PluginConnection | undefined;
}

const MOST_RESOURCES = 100;
const NONE: Devices = new Map<string, boolean>();

/** Keeps the connections to plugins, one for each resource. Disposing hangs up on all. */
export function createPluginRegistry(init: RegistryInit): PluginRegistry {
  const { directory, callTimeoutMs, onWarning, onChanged } = init;
  const known = new Map<string, KnownResource>();
  let isClosed = false;
  const connect = async (registration: Registration, mine: KnownResource): Promise<void> => {
    const { resource, endpoint } = registration;
    const socket = join(directory, endpoint);
    const gone = (why: string): void => {
      if (known.get(resource) !== mine) return;
      mine.connection = undefined;
      mine.devices = NONE;
      onWarning(
        `the device plugin of ${resource} is gone, and its devices with it, until it registers again: it ${why}`,
      );
      onChanged();
    };
    try {
      const stats = await lstat(socket).catch(() => undefined);
      if (stats?.isSocket() === false) throw new KrustletError("InvalidField", `${socket} is no socket`);
      const api = await loadPluginApi();
      if (isClosed || known.get(resource) !== mine) return;
      mine.connection = openPlugin({
        api,
        socket,
        registration,
        callTimeoutMs,
        onGone: gone,
        onDevices: (list) => {
          if (known.get(resource) !== mine) return;
          const before = mine.devices;
          mine.devices = devicesOf(list, resource);
          const isSame = before.size === mine.devices.size && healthyOf(before) === healthyOf(mine.devices);
          if (!isSame) onChanged();
        },
      });
    } catch (error) {
      gone(`cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    register: (request) => {
      const registration = registrationOf(request);
      const { resource } = registration;
      const earlier = known.get(resource);
      if (earlier === undefined && known.size >= MOST_RESOURCES) {
        throw new KrustletError(
          "CapacityExceeded",
          `The device plugin of ${resource} is one too many: the node keeps ${MOST_RESOURCES} resources.`,
        );
      }
      // Until it has listed its own, what the plugin before it had is nobody's.
      const mine: KnownResource = { devices: NONE, connection: undefined };
      known.set(resource, mine);
      earlier?.connection?.[Symbol.dispose]();
      onChanged();
      void connect(registration, mine);
    },
    know: (resources) => {
      for (const each of resources) {
        if (!known.has(each)) known.set(each, { devices: NONE, connection: undefined });
      }
    },
    resources: () => [...known.keys()],
    isKnown: (resource) => known.has(resource),
    devicesOf: (resource) => known.get(resource)?.devices ?? NONE,
    connectionOf: (resource) => known.get(resource)?.connection,
    [Symbol.dispose]: () => {
      isClosed = true;
      for (const { connection } of known.values()) connection?.[Symbol.dispose]();
    },
  };
}
