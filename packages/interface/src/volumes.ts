import type { Cancellable } from "./clock.ts";
import type { ObjectKey } from "./objects.ts";
import type { Mount } from "./runtime.ts";

/** Makes the volumes of pods. `Pod` is the caller's Pod type, a `V1Pod` in Krustlet. */
export interface VolumeMounter<Pod> {
  /**
   * Makes every volume of `pod` on disk. Mounting a pod again (after a crash, say) takes up what is there.
   * @throws KrustletError `ObjectNotFound`, `KeyNotFound`, `PathEscape`, `HostPathType`, `UnsupportedField`,
   * `VolumeFailed`, `NoSpace`; nothing is left half-made. One that is about a volume has {@link VolumeErrorDetails}.
   */
  mount(pod: Pod, options?: Cancellable): Promise<MountedVolumes<Pod>>;
}

/** What an error that is about one volume tells beside its message, for the event `FailedMount`. */
export interface VolumeErrorDetails {
  /** The volume's name. */
  readonly volume: string;
  /** What is wrong with it, without naming volume and pod: `configmap "x" not found`. */
  readonly detail: string;
}

/** The volumes of one pod. Disposing removes what lives as long as the pod (emptyDir, projected files). */
export interface MountedVolumes<Pod> extends AsyncDisposable {
  /**
   * The mounts of one container (init containers too), parents before children.
   * `env` is the container's environment, for `subPathExpr`.
   * @throws KrustletError `PathEscape`, `InvalidField`, `VolumeFailed`.
   */
  mountsOf(containerName: string, env: Readonly<Record<string, string>>): Promise<readonly Mount[]>;
  /**
   * Brings configMap, secret, downwardAPI and projected volumes up to date, atomically for each volume: all of them or,
   * where `changed` is given, those that are made of that object (of kind `ConfigMap` or `Secret`; `Pod` is the pod
   * itself). One whose object is gone keeps what it held, and that is the error.
   */
  refresh(pod: Pod, options?: Cancellable & { readonly changed?: ObjectKey }): Promise<void>;
  /** When `refresh` has something to do that no object's change tells: a token to renew. Absent: never. */
  nextRefresh?(): Date | undefined;
  /** What the volumes that live as long as the pod take of the node's disk. A tree too deep to be measured is endless. */
  localUsage(): Promise<{ readonly bytes: number; readonly inodes: number }>;
  /** Bytes used by each volume that has a limit; the caller evicts. */
  usage(): Promise<readonly { readonly volume: string; readonly bytes: number; readonly limit?: number }[]>;
}
