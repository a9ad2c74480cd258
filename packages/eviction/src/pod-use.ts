/** What one container of a pod uses of what a node may run short of. */
export interface ContainerUse {
  readonly name: string;
  readonly memoryBytes: number;
  /** What it has written and is no volume's: its logs, its termination messages. */
  readonly storageBytes: number;
}

/** What a pod uses. */
export interface PodUse {
  readonly containers: readonly ContainerUse[];
  /** All that it has written to the node's disk: what its containers have, and its volumes that live as long as the pod. */
  readonly storageBytes: number;
  /** Files and directories of that. */
  readonly inodes: number;
}

interface ResourcesLike {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

interface ContainerLike {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly resources?: ResourcesLike;
}

/** What of a Pod is looked at here; a `V1Pod` is one. */
export interface EvictionPod {
  readonly metadata?: { readonly name?: string };
  readonly spec?: {
    readonly containers: readonly ContainerLike[];
    readonly initContainers?: readonly ContainerLike[];
    readonly resources?: ResourcesLike;
    readonly priority?: number;
    readonly terminationGracePeriodSeconds?: number;
  };
}

/** Bytes of memory that the pod's containers have. */
export function memoryOf({ containers }: PodUse): number {
  return containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
}
