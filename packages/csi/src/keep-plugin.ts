import { KrustletError } from "@krustlet/interface";
import type { Clock } from "@krustlet/interface";

import type { ByKey } from "./by-key.ts";
import type { CsiCluster } from "./cluster.ts";
import { CsiDriver } from "./csi-driver.ts";
import type { RpcLimits } from "./csi-driver.ts";
import type { DriverRegistry } from "./driver-registry.ts";
import { parseRegistration } from "./parse-registration.ts";
import { csiNodeDriverOf } from "./plan-csi-node.ts";
import type { CsiNodeOwner } from "./plan-csi-node.ts";
import { putCsiNode } from "./put-csi-node.ts";
import { connect } from "./rpc/connect.ts";
import type { Connection } from "./rpc/connect.ts";
import { REGISTRATION } from "./rpc/registration-schema.ts";

/** What plugins are registered with. */
export interface PluginContext {
  readonly cluster: CsiCluster;
  readonly node: () => CsiNodeOwner;
  readonly registry: DriverRegistry;
  /** What is done about one driver's name is done one after the other. */
  readonly byDriver: ByKey;
  readonly limits: RpcLimits;
  readonly clock: Clock;
  readonly onRegistered: (name: string, socket: string) => void;
  readonly onUnregistered: (name: string, socket: string) => void;
  readonly onFailure: (socket: string, error: unknown) => void;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 120_000;

/**
 * One plugin's life, from the moment at which its socket is there until the signal says that it is gone: it is asked
 * who it is, registered and told so; tried again with back-off where that fails. Never rejects.
 */
export async function keepPlugin(socket: string, context: PluginContext, signal: AbortSignal): Promise<void> {
  for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
    try {
      using driver = await register(socket, context, signal);
      context.onRegistered(driver.name, socket);
      await ended(signal);
      context.registry.remove(driver);
      context.onUnregistered(driver.name, socket);
      return;
    } catch (error) {
      if (signal.aborted) return;
      context.onFailure(socket, error);
      await context.clock.sleep(retryMs, { signal }).catch(() => undefined);
    }
  }
}

/** The driver, in the registry. Whoever asked closes it. */
async function register(socket: string, context: PluginContext, signal: AbortSignal): Promise<CsiDriver> {
  const { limits, registry, cluster, node, byDriver } = context;
  using plugin = await connect(socket, REGISTRATION, `the plugin at ${socket}`);
  const options = { timeoutMs: limits.askMs, signal };
  let opened: CsiDriver | undefined;
  try {
    const registration = parseRegistration(await plugin.call("GetInfo", {}, options), socket);
    const { name } = registration;
    const driver = await CsiDriver.open(registration, limits);
    opened = driver;
    await byDriver.run(name, async () => {
      await demandFree(name, context, signal);
      await driver.demandReady({ signal });
      const info = await driver.nodeInfo({ signal });
      if (Object.keys(info.topology).length > 0) await cluster.labelNode(info.topology, { signal });
      await putCsiNode(cluster, node(), name, csiNodeDriverOf(name, info), { signal });
      await plugin.call("NotifyRegistrationStatus", { plugin_registered: true, error: "" }, options);
      signal.throwIfAborted();
      registry.add(driver);
    });
    return driver;
  } catch (error) {
    opened?.[Symbol.dispose]();
    await tellFailure(plugin, error, context, signal);
    throw error;
  }
}

/** Two drivers cannot have one name; one that answers no more has left it. */
async function demandFree(name: string, { registry }: PluginContext, signal: AbortSignal): Promise<void> {
  const holder = registry.get(name);
  if (holder === undefined) return;
  try {
    await holder.demandReady({ signal });
  } catch {
    signal.throwIfAborted();
    return;
  }
  throw new KrustletError("InvalidField", `another CSI driver "${name}" is registered`, { retryable: true });
}

async function tellFailure(
  plugin: Connection,
  error: unknown,
  { limits }: PluginContext,
  signal: AbortSignal,
): Promise<void> {
  const status = {
    plugin_registered: false,
    error: error instanceof Error ? error.message : "it cannot be registered",
  };
  // The failure is what counts; a plugin that cannot be told of it sees none.
  await plugin
    .call("NotifyRegistrationStatus", status, { timeoutMs: limits.askMs, signal })
    .catch(() => undefined);
}

function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
