import type { DeviceResources } from "@krustlet/device-plugins";
import type { StoredImage } from "@krustlet/interface";
import { evictionReservationOf, parseEvictionThresholds } from "@krustlet/eviction";
import type { Pressure } from "@krustlet/eviction";
import { buildNode, nodeConditionsOf } from "@krustlet/node";
import type { Machine, NodeImage } from "@krustlet/node";
import type { V1Node } from "@kubernetes/client-node";

import type { NodeConfig } from "../config/settings.ts";
import { hardThresholdsOf } from "./eviction-policy.ts";

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
  /** The pressures that the node is under. */
  readonly pressure: Pressure;
  /** Why pods cannot be run, a sentence each. */
  readonly errors: readonly string[];
  readonly now: Date;
}

/** Pure: the Node object of this moment. */
export function nodeObjectOf(init: NodeObjectInit): V1Node {
  const { config, version, machine, devices, now } = init;
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
      evictionReserved(config, machine),
      devices.reserved,
    ],
    images: init.images.map(nodeImageOf),
    ...(config.providerID === "" ? {} : { providerID: config.providerID }),
  });
  const conditions = nodeConditionsOf(
    { ...init.pressure, errors: init.errors, capacity: base.status?.capacity ?? {} },
    init.existing?.status?.conditions ?? [],
    now,
  );
  const status = Object.assign({}, base.status, { conditions });
  return Object.assign({}, base, { status });
}

/** Pure: how many pods the node takes. */
function maxPodsOf({ maxPods, podsPerCore }: NodeConfig, cpus: number): number {
  return podsPerCore === 0 ? maxPods : Math.min(maxPods, podsPerCore * cpus);
}

function evictionReserved(
  config: NodeConfig,
  { memoryBytes, diskBytes }: Machine,
): Readonly<Record<string, string>> {
  return evictionReservationOf(parseEvictionThresholds(hardThresholdsOf(config)), {
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
