import type { Cancellable, Mount } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";

/** What a container gets with its devices. */
export interface ContainerDevices {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** What belongs to them and no container can have, a sentence each. */
  readonly withheld: readonly string[];
}

/** Who gives the node's devices to containers. */
export interface DevicePort {
  /** Those that a container starts with: the same at each of its starts. @throws KrustletError where it gets none. */
  allocate(pod: V1Pod, container: string, options: Cancellable): Promise<ContainerDevices>;
  /** Frees all of a pod's, of which nothing runs any more. Never rejects. */
  release(uid: string): Promise<void>;
  /** Frees what pods have that are none of these: every pod that there is has been told. Never rejects. */
  retain(uids: ReadonlySet<string>): Promise<void>;
}

/**
 * Pure: a container's own environment and mounts with those of its devices. What a device says of itself is not to be
 * said otherwise by the pod: its variables win.
 * @throws KrustletError `InvalidField` where both are mounted at one path.
 */
export function withDevices(
  own: { readonly env: Readonly<Record<string, string>>; readonly mounts: readonly Mount[] },
  devices: ContainerDevices | undefined,
  container: string,
): { readonly env: Readonly<Record<string, string>>; readonly mounts: readonly Mount[] } {
  if (devices === undefined) return own;
  const taken = new Set(own.mounts.map(({ target }) => target));
  const twice = devices.mounts.find(({ target }) => taken.has(target));
  if (twice !== undefined) {
    throw new KrustletError(
      "InvalidField",
      `container ${container}: a volume is mounted at ${twice.target}, where its device has ${twice.source}; mount it elsewhere.`,
    );
  }
  return { env: { ...own.env, ...devices.env }, mounts: [...own.mounts, ...devices.mounts] };
}
