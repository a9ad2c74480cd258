import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { Cancellable, Mount } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";

import type { Allocation } from "./checkpoint.ts";
import { checkpointFile } from "./checkpoint-file.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { deviceRequestOf } from "./device-request-of.ts";
import type { DevicePod, DeviceRequest } from "./device-request-of.ts";
import { heldOf } from "./held-of.ts";
import { listenForPlugins } from "./listen-for-plugins.ts";
import { mergeAnswers } from "./merge-answers.ts";
import type { Grant, ResourceAnswer } from "./merge-answers.ts";
import { mountOf } from "./mount-of.ts";
import { planAllocation } from "./plan-allocation.ts";
import type { HeldDevices } from "./plan-allocation.ts";
import { createPluginRegistry } from "./plugin-registry.ts";
import type { PluginRegistry } from "./plugin-registry.ts";
import { resourcesOf } from "./resources-of.ts";
import type { DeviceResources } from "./resources-of.ts";

/** What {@link startDevicePlugins} needs. */
export interface DevicePluginsInit {
  /** Absolute; made if it is not there. Plugins have their sockets in it. Whoever may write to it is trusted. */
  readonly directory: string;
  /** Told what an operator should know of plugins. */
  readonly onWarning?: (message: string) => void;
  /** Told when {@link DevicePlugins.resources} gives something else. */
  readonly onChanged?: () => void;
  /** How long a call of a plugin may take, in milliseconds. Default: 30 s. */
  readonly callTimeoutMs?: number;
}

/** What a container gets with its devices. */
export interface ContainerDevices {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** What its plugins give that it cannot have, a sentence each. */
  readonly withheld: readonly string[];
}

/** The devices of a node. Disposing hangs up on all plugins; what containers have, they have in the next process, too. */
export interface DevicePlugins extends AsyncDisposable {
  resources(): DeviceResources;
  /** How many devices of each resource containers hold, whether the plugin is there or not. */
  held(): Readonly<Record<string, string>>;
  /**
   * The devices that a container starts with: the same at each of its starts, picked and asked of the plugins at the
   * first one. On disk before it resolves.
   * @throws KrustletError `CapacityExceeded`: too few are free, or a plugin does not give them now;
   * `InvalidObject`, `InvalidField`: what it gives, or the pod asks for, cannot be; `VolumeFailed`: a path that is not
   * there; `NoSpace`. Nothing is held then.
   */
  allocate(pod: DevicePod, container: string, options?: Cancellable): Promise<ContainerDevices>;
  /** Frees what the containers of a pod have. Never rejects; a file that cannot be written is told to `onWarning`. */
  release(uid: string): Promise<void>;
  /** Frees what containers of all other pods than these have, in the same way. */
  retain(uids: ReadonlySet<string>): Promise<void>;
}

const CALL_TIMEOUT_MS = 30_000;
const NOTHING: ContainerDevices = { env: {}, mounts: [], withheld: [] };

/** What a container holds; `grant` is undefined while its plugins are asked. */
interface Holding {
  readonly devices: HeldDevices;
  grant: Grant | undefined;
}

/**
 * Takes device plugins, follows their devices and gives them to containers.
 * @throws KrustletError `AddressInUse` where another kubelet has the directory; errors of the file system as they are.
 */
export async function startDevicePlugins(init: DevicePluginsInit): Promise<DevicePlugins> {
  const { directory, callTimeoutMs = CALL_TIMEOUT_MS } = init;
  const onWarning = init.onWarning ?? (() => undefined);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const holdings = new Map<string, Map<string, Holding>>();
  const file: CheckpointFile = checkpointFile(join(directory, "krustlet-allocations.json"), () => ({
    resources: registry.resources(),
    allocations: grantedOf(holdings),
  }));
  const keep = (): Promise<void> =>
    file.write().catch((error: unknown) => onWarning(error instanceof Error ? error.message : String(error)));
  let kept = "";
  const registry: PluginRegistry = createPluginRegistry({
    directory,
    callTimeoutMs,
    onWarning,
    onChanged: () => {
      const names = registry.resources().join(" ");
      if (names !== kept) void keep();
      kept = names;
      init.onChanged?.();
    },
  });
  const left = await file.read(onWarning);
  registry.know(left?.resources ?? []);
  kept = registry.resources().join(" ");
  for (const [uid, containers] of left?.allocations ?? []) holdings.set(uid, new Map(containers));
  const listening = await listenForPlugins({
    directory,
    onWarning,
    onRegister: (request) => registry.register(request),
  });

  const hold = async (request: DeviceRequest, { signal }: Cancellable): Promise<Holding> => {
    const { uid, container } = request;
    const plan = planAllocation(request, (resource) => registry.devicesOf(resource), holdings);
    if (plan.plan === "short")
      throw shortOf(request, plan, registry.connectionOf(plan.resource) !== undefined);
    const holding: Holding = { devices: plan.devices, grant: undefined };
    const containers = holdings.get(uid) ?? new Map<string, Holding>();
    holdings.set(uid, containers.set(container, holding));
    try {
      const grant = mergeAnswers(await askAll(registry, request, plan.devices, signal), request.what);
      signal?.throwIfAborted();
      if (holdings.get(uid)?.get(container) !== holding) throw unusable(request, "its pod is gone");
      holding.grant = grant;
      await file.write();
      return holding;
    } catch (error) {
      if (containers.get(container) === holding) containers.delete(container);
      if (containers.size === 0 && holdings.get(uid) === containers) holdings.delete(uid);
      throw error;
    }
  };
  return {
    resources: () =>
      resourcesOf(new Map(registry.resources().map((each) => [each, registry.devicesOf(each)]))),
    held: () => heldOf(holdings),
    allocate: async (pod, container, options = {}) => {
      const request = deviceRequestOf(pod, container, (resource) => registry.isKnown(resource));
      const earlier = holdings.get(request.uid)?.get(container);
      if (earlier === undefined && request.counts.size === 0) return NOTHING;
      const { devices, grant } = earlier ?? (await hold(request, options));
      if (grant === undefined) throw unusable(request, "its plugins are still asked for an earlier start");
      await beforeStart(registry, devices, options);
      const { env, mounts, withheld } = grant;
      return { env, mounts: await Promise.all(mounts.map((each) => mountOf(each, request.what))), withheld };
    },
    release: async (uid) => {
      if (holdings.delete(uid)) await keep();
    },
    retain: async (uids) => {
      const others = [...holdings.keys()].filter((uid) => !uids.has(uid));
      for (const uid of others) holdings.delete(uid);
      if (others.length > 0) await keep();
    },
    [Symbol.asyncDispose]: async () => {
      registry[Symbol.dispose]();
      await listening[Symbol.asyncDispose]();
      await keep();
    },
  };
}

async function askAll(
  registry: PluginRegistry,
  { what }: DeviceRequest,
  devices: HeldDevices,
  signal: AbortSignal | undefined,
): Promise<readonly ResourceAnswer[]> {
  return Promise.all(
    Object.entries(devices).map(async ([resource, ids]) => {
      const plugin = registry.connectionOf(resource);
      if (plugin === undefined)
        throw new KrustletError("CapacityExceeded", `${what}: ${goneOf(resource)}.`, { retryable: true });
      return { resource, answer: await plugin.allocate(ids, { signal }) };
    }),
  );
}

/** A container may start again while its plugin is away: it has all that it needs. */
async function beforeStart(
  registry: PluginRegistry,
  devices: HeldDevices,
  options: Cancellable,
): Promise<void> {
  for (const [resource, ids] of Object.entries(devices)) {
    await registry.connectionOf(resource)?.beforeStart(ids, options);
  }
}

/** What is granted; what plugins are still asked for is not theirs yet. */
function grantedOf(
  holdings: ReadonlyMap<string, ReadonlyMap<string, Holding>>,
): ReadonlyMap<string, ReadonlyMap<string, Allocation>> {
  const granted = new Map<string, Map<string, Allocation>>();
  for (const [uid, containers] of holdings) {
    const of = new Map<string, Allocation>();
    for (const [container, { devices, grant }] of containers) {
      if (grant !== undefined) of.set(container, { devices, grant });
    }
    if (of.size > 0) granted.set(uid, of);
  }
  return granted;
}

function shortOf(
  { what }: DeviceRequest,
  { resource, wanted, free }: { readonly resource: string; readonly wanted: number; readonly free: number },
  isThere: boolean,
): KrustletError {
  const why = isThere ? `only ${free} healthy ones are free` : goneOf(resource);
  return new KrustletError("CapacityExceeded", `${what} asks for ${wanted} of ${resource}, and ${why}.`, {
    retryable: true,
  });
}

function goneOf(resource: string): string {
  return `the device plugin of ${resource} is not there`;
}

function unusable({ what }: DeviceRequest, why: string): KrustletError {
  return new KrustletError("CapacityExceeded", `${what} gets no devices: ${why}.`, { retryable: true });
}
