import type { DeviceResources } from "@krustlet/device-plugins";
import type { StoredImage } from "@krustlet/interface";
import {
  buildNode,
  evictionReservationOf,
  holdPressure,
  nodeConditionsOf,
  parseEvictionThresholds,
  pressureOf,
} from "@krustlet/node";
import type { EvictionThreshold, Machine, NodeImage, PressureTimes } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";

import type { NodeConfig } from "../config/settings.ts";

/** The Kubernetes release that the node speaks the protocol of. */
const KUBERNETES_VERSION = "v1.36.3";

/** Pure: the version that the node tells as its kubelet's. */
export function kubeletVersion(version: string): string {
  return `${KUBERNETES_VERSION}+krustlet.${version}`;
}

/** What the Node object of one moment is made of. */
export interface NodeObjectInit {
  readonly config: NodeConfig;
  readonly version: string;
  readonly machine: Machine;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly images: readonly StoredImage[];
  /** The Node as the API server has it, for the transition times of its conditions. */
  readonly existing?: V1Node;
  /** The devices of plugins. */
  readonly devices: DeviceResources;
  /** Which pressures were measured last, and when. */
  readonly pressureTimes: PressureTimes;
  /** Why pods cannot be run, a sentence each. */
  readonly errors: readonly string[];
  readonly now: Date;
}

/** Pure: the Node object of this moment, and the pressures to be remembered. */
export function nodeObjectOf(init: NodeObjectInit): {
  readonly node: V1Node;
  readonly pressureTimes: PressureTimes;
} {
  const { config, version, machine, devices, now } = init;
  const thresholds = parseEvictionThresholds(config.evictionHard);
  const base = buildNode({
    name: config.nodeName,
    machine: { ...machine, hostname: config.hostname },
    addresses: init.addresses,
    port: init.port,
    kubeletVersion: kubeletVersion(version),
    runtimeVersion: `krustlet://${version}`,
    maxPods: maxPodsOf(config, machine.cpus),
    labels: config.nodeLabels,
    taints: config.registerWithTaints,
    capacity: devices.capacity,
    reserved: [
      config.systemReserved,
      config.kubeReserved,
      evictionReserved(thresholds, machine),
      devices.reserved,
    ],
    images: init.images.map(nodeImageOf),
    ...(config.providerID === "" ? {} : { providerID: config.providerID }),
  });
  const held = holdPressure(
    init.pressureTimes,
    pressureOf(machine, thresholds),
    now,
    config.evictionPressureTransitionPeriod,
  );
  const conditions = nodeConditionsOf(
    { ...held.pressure, errors: init.errors, capacity: base.status?.capacity ?? {} },
    init.existing?.status?.conditions ?? [],
    now,
  );
  const status = Object.assign({}, base.status, { conditions });
  return { node: Object.assign({}, base, { status }), pressureTimes: held.times };
}

/** Pure: how many pods the node takes. */
function maxPodsOf({ maxPods, podsPerCore }: NodeConfig, cpus: number): number {
  return podsPerCore === 0 ? maxPods : Math.min(maxPods, podsPerCore * cpus);
}

function evictionReserved(
  thresholds: readonly EvictionThreshold[],
  { memoryBytes, diskBytes }: Machine,
): Readonly<Record<string, string>> {
  return evictionReservationOf(thresholds, {
    memory: String(memoryBytes),
    "ephemeral-storage": String(diskBytes),
  });
}

function nodeImageOf({ image }: StoredImage): NodeImage {
  const isDigest = image.reference.includes("@");
  return {
    digests: [...new Set([image.imageID, ...(isDigest ? [image.reference] : [])])],
    tags: isDigest ? [] : [image.reference],
    sizeBytes: image.size,
  };
}
