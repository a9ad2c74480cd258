import type { Cancellable } from "./clock.ts";
import type { Mount } from "./runtime.ts";

/** Makes the volumes of pods. `Pod` is the caller's Pod type, a `V1Pod` in Krustlet. */
export interface VolumeMounter<Pod> {
  /**
   * Makes every volume of `pod` on disk. Mounting a pod again (after a crash, say) takes up what is there.
   * @throws KrustletError `ObjectNotFound`, `KeyNotFound`, `PathEscape`, `HostPathType`, `UnsupportedField`,
   * `VolumeFailed`, `NoSpace`; nothing is left half-made.
   */
  mount(pod: Pod, options?: Cancellable): Promise<MountedVolumes<Pod>>;
}

/** The volumes of one pod. Disposing removes what lives as long as the pod (emptyDir, projected files). */
export interface MountedVolumes<Pod> extends AsyncDisposable {
  /**
   * The mounts of one container (init containers too), parents before children.
   * `env` is the container's environment, for `subPathExpr`.
   * @throws KrustletError `PathEscape`, `InvalidField`, `VolumeFailed`.
   */
  mountsOf(containerName: string, env: Readonly<Record<string, string>>): Promise<readonly Mount[]>;
  /** Brings configMap, secret, downwardAPI and projected volumes up to date, atomically for each volume. */
  refresh(pod: Pod, options?: Cancellable): Promise<void>;
  /** Bytes used by each volume that has a limit; the caller evicts. */
  usage(): Promise<readonly { readonly volume: string; readonly bytes: number; readonly limit?: number }[]>;
}
