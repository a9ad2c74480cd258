import { isIP } from "node:net";
import type { V1Node, V1NodeCondition, V1Taint } from "@kubernetes/client-node";
import { KrustletError } from "@krustlet/interface";
import { formatQuantity, parseQuantity } from "@krustlet/quantity";
import { isLabelValue, isSubdomain } from "./label-syntax.ts";
import type { Machine } from "./measure-machine.ts";
import type { NodeImage } from "./node-images.ts";
import { nodeImagesOf } from "./node-images.ts";
import { planNodeLabels } from "./node-labels.ts";
import type { ResourceAmounts } from "./node-resources.ts";
import { allocatableOf } from "./node-resources.ts";
import { DEFAULT_TAINTS } from "./node-taints.ts";

/** By which pods are placed, and what Krustlet has always told as `nodeInfo.architecture` beside it. */
const LABELLED_ARCHITECTURE = "wasm32-wasi";
const REPORTED_ARCHITECTURE = "wasm-wasi";

/** What {@link buildNode} makes a Node of. */
export interface NodeInit {
  readonly name: string;
  readonly machine: Machine;
  /** Addresses of the node, at most one of each family; they become its `InternalIP`s. */
  readonly addresses: readonly string[];
  /** Where the kubelet's HTTPS API listens. Default: 10250. */
  readonly port?: number;
  /** Told as `kubeletVersion`, such as `v1.36.3`. */
  readonly kubeletVersion: string;
  /** Told as `containerRuntimeVersion`, such as `krustlet://0.1.0`. */
  readonly runtimeVersion: string;
  /** How many pods the node takes. Default: 110. */
  readonly maxPods?: number;
  /** The label `kubernetes.io/arch` and `nodeInfo.architecture`. Default: `wasm32-wasi`, reported as `wasm-wasi`. */
  readonly architecture?: string;
  /** Default: `linux`. */
  readonly operatingSystem?: string;
  /** Labels besides the node's own; those that a node may not set are left out (see `planNodeLabels`). */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Default: {@link DEFAULT_TAINTS}. */
  readonly taints?: readonly V1Taint[];
  /** Resources besides cpu, memory, ephemeral-storage and pods; overrides what was measured. */
  readonly capacity?: ResourceAmounts;
  /** What pods may not have: for the system, the kubelet, eviction thresholds. */
  readonly reserved?: readonly ResourceAmounts[];
  readonly conditions?: readonly V1NodeCondition[];
  readonly images?: readonly NodeImage[];
  /** Kubernetes' node features, sorted here. */
  readonly declaredFeatures?: readonly string[];
  readonly providerID?: string;
}

/**
 * Pure: the Node object that a machine registers itself as, status included.
 *
 * @throws KrustletError `InvalidField` where the API server would refuse it: a name, host name, address or amount.
 */
export function buildNode(init: NodeInit): V1Node {
  const { name, machine, architecture = LABELLED_ARCHITECTURE, operatingSystem = "linux" } = init;
  if (!isSubdomain(name)) throw invalid(`The node's name ${JSON.stringify(name)} is no DNS subdomain`);
  const { hostname } = machine;
  if (!isLabelValue(hostname)) throw invalid(`The host name ${JSON.stringify(hostname)} cannot be a label`);
  const capacity = capacityOf(init);
  const taints = [...(init.taints ?? DEFAULT_TAINTS)];
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        type: "krustlet",
        ...planNodeLabels(init.labels ?? {}).labels,
        "kubernetes.io/hostname": hostname,
        "kubernetes.io/os": operatingSystem,
        "kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": operatingSystem,
        "beta.kubernetes.io/arch": architecture,
      },
      ...(init.annotations === undefined ? {} : { annotations: { ...init.annotations } }),
    },
    spec: {
      ...(taints.length === 0 ? {} : { taints }),
      ...(init.providerID === undefined ? {} : { providerID: init.providerID }),
    },
    status: {
      capacity,
      allocatable: allocatableOf(capacity, init.reserved ?? []),
      conditions: [...(init.conditions ?? [])],
      addresses: addressesOf(init),
      daemonEndpoints: { kubeletEndpoint: { Port: init.port ?? 10250 } },
      nodeInfo: {
        architecture: architecture === LABELLED_ARCHITECTURE ? REPORTED_ARCHITECTURE : architecture,
        operatingSystem,
        bootID: machine.bootID,
        machineID: machine.machineID,
        systemUUID: machine.systemUUID,
        kernelVersion: machine.kernelVersion,
        osImage: machine.osImage,
        containerRuntimeVersion: init.runtimeVersion,
        kubeletVersion: init.kubeletVersion,
        kubeProxyVersion: "",
        ...(machine.swapBytes > 0 ? { swap: { capacity: machine.swapBytes } } : {}),
      },
      images: nodeImagesOf(init.images ?? []),
      declaredFeatures: [...new Set(init.declaredFeatures)].toSorted(),
    },
  };
}

function capacityOf({ machine, maxPods = 110, capacity }: NodeInit): Record<string, string> {
  const measured = {
    cpu: String(machine.cpus),
    memory: wholeKibibytes(machine.memoryBytes),
    "ephemeral-storage": wholeKibibytes(machine.diskBytes),
    pods: String(Math.floor(maxPods)),
    ...capacity,
  };
  // As the API server writes them.
  return Object.fromEntries(
    Object.entries(measured).map(([name, amount]) => [name, formatQuantity(parseQuantity(amount, name))]),
  );
}

function wholeKibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`;
}

function addressesOf({ addresses, machine }: NodeInit): { type: string; address: string }[] {
  const families = new Set<number>();
  for (const address of addresses) {
    const family = isIP(address);
    if (family === 0) throw invalid(`The node's address ${JSON.stringify(address)} is no IP address`);
    if (families.has(family)) throw invalid(`The node has a second IPv${family} address, ${address}`);
    families.add(family);
  }
  return [
    ...addresses.map((address) => ({ type: "InternalIP", address })),
    { type: "Hostname", address: machine.hostname },
  ];
}

function invalid(sentence: string): KrustletError {
  return new KrustletError("InvalidField", `${sentence}.`);
}
