import { KrustletError } from "@krustlet/interface";
import { parseQuantity } from "@krustlet/quantity";

/** What is read of a Pod. */
export interface DevicePod {
  readonly metadata?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
  };
  readonly spec?: {
    readonly containers?: readonly DeviceContainer[];
    readonly initContainers?: readonly DeviceContainer[];
  };
}

/** What is read of its containers. */
export interface DeviceContainer {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
}

/** The devices that a container asks for. */
export interface DeviceRequest {
  readonly uid: string;
  readonly container: string;
  /** What sentences call it. */
  readonly what: string;
  /** How many of each resource; none is 0. */
  readonly counts: ReadonlyMap<string, number>;
  /** Containers of the pod that have ended before this one starts, and whose devices it may have. */
  readonly reusable: readonly string[];
}

const NANO = 1_000_000_000n;

/**
 * Pure: what a container of a pod asks for of the resources that plugins have registered.
 * @throws KrustletError `InvalidField` for an amount that is no whole number.
 */
export function deviceRequestOf(
  pod: DevicePod,
  name: string,
  isRegistered: (resource: string) => boolean,
): DeviceRequest {
  const { namespace = "default", name: podName = "", uid = "" } = pod.metadata ?? {};
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const what = `container ${name} of pod ${namespace}/${podName}`;
  const at = initContainers.findIndex((each) => each.name === name);
  const container = at === -1 ? containers.find((each) => each.name === name) : initContainers[at];
  const counts = new Map<string, number>();
  for (const [resource, amount] of Object.entries(container?.resources?.limits ?? {})) {
    if (!isRegistered(resource)) continue;
    const { nano } = parseQuantity(amount, `${resource} of ${what}`);
    if (nano < 0n || nano % NANO !== 0n) {
      throw new KrustletError(
        "InvalidField",
        `${what}: ${amount} of ${resource} is no whole number of devices.`,
      );
    }
    if (nano > 0n) counts.set(resource, Number(nano / NANO));
  }
  const before = at === -1 ? initContainers : initContainers.slice(0, at);
  const reusable = before.filter(({ restartPolicy }) => restartPolicy !== "Always").map((each) => each.name);
  return { uid, container: name, what, counts, reusable };
}
