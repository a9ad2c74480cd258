import type { Cancellable } from "./clock.ts";

/** A volume that a CSI driver publishes for one pod. */
export interface CsiVolume {
  /** The driver's name. */
  readonly driver: string;
  /** How the driver calls the volume. */
  readonly volumeHandle: string;
  /** Name of the PersistentVolume, or of the pod's volume where there is none. */
  readonly name: string;
  /** `Ephemeral`: made for this pod alone, and gone with it. */
  readonly lifecycle: "Persistent" | "Ephemeral";
  /**
   * Absolute path of a directory of its own in the pod's. Whoever publishes makes it, notes in it what it takes to
   * undo that, and has the driver publish at `mount` in it.
   */
  readonly directory: string;
  readonly fsType?: string;
  readonly mountOptions: readonly string[];
  /** As a PersistentVolume says them: `ReadWriteOnce` … */
  readonly accessModes: readonly string[];
  readonly readOnly: boolean;
  readonly attributes: Readonly<Record<string, string>>;
  /** What the driver is given for staging and publishing; never kept, never told. */
  readonly stageSecrets: Readonly<Record<string, string>>;
  readonly publishSecrets: Readonly<Record<string, string>>;
  readonly pod: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly serviceAccount: string;
  };
}

/** What has CSI drivers publish volumes on this node. */
export interface CsiVolumes {
  /**
   * Stages (where the driver does that) and publishes a volume, and gives the directory. Published again, it is the
   * same. What a failure leaves half-made is undone by {@link CsiVolumes.unpublish}.
   * @throws KrustletError `VolumeFailed` (retryable: no such driver yet, the driver failed), `UnsupportedField`,
   * `InvalidField`, `Timeout`; the signal's reason.
   */
  publish(volume: CsiVolume, options?: Cancellable): Promise<{ readonly path: string }>;
  /**
   * Undoes what was published in a {@link CsiVolume.directory}, by this process or an earlier one, and unstages what
   * no other pod uses. Resolves where there is nothing. Afterwards nothing is mounted there any more.
   * @throws KrustletError `VolumeFailed` or `Timeout`, retryable: the directory must not be removed yet.
   */
  unpublish(directory: string, options?: Cancellable): Promise<void>;
}
