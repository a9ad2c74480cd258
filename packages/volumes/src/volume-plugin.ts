import type { NodeFacts } from "@krustlet/environment";
import type { Cancellable, CsiVolumes, ObjectSource, TokenRequest } from "@krustlet/interface";
import type { V1Pod, V1Volume } from "@kubernetes/client-node";

/** What plugins work with. */
export interface VolumeContext {
  readonly rootDirectory: string;
  readonly objects: ObjectSource;
  readonly nodeOf: (pod: V1Pod) => NodeFacts;
  /** The token for a request; absent where nothing gives tokens. */
  readonly tokens?: (request: TokenRequest, options: Cancellable) => Promise<string>;
  /** What has drivers publish volumes; absent where there are none. */
  readonly csi?: CsiVolumes;
  /** Labels of the node, which volumes may be bound to. Absent: not known, and not looked at. */
  readonly nodeLabels?: () => Readonly<Record<string, string>>;
  /** A directory in memory, for `emptyDir` with `medium: Memory`. */
  readonly memoryDirectory?: string;
  readonly now: () => Date;
  readonly warn: (message: string) => void;
}

/** Names and places of the volume at hand. */
export interface VolumePlace {
  readonly pod: V1Pod;
  readonly volume: V1Volume;
  /** `volume "name" of pod "namespace/name"`, for messages. */
  readonly where: string;
  /** Directory of its own that the volume may make and fill. Its parent is there. */
  readonly directory: string;
}

/** A volume on disk. */
export interface MadeVolume {
  readonly path: string;
  readonly kind: "directory" | "file";
  /** Whether no guest may ever write to it. */
  readonly readOnly: boolean;
  /** Brings it up to date with a newer Pod. Absent where the kind has nothing to update. */
  readonly refresh?: (pod: V1Pod, options: Cancellable) => Promise<void>;
  /** Whether its content is the Pod's own and lies on the node's disk. */
  readonly isLocal?: true;
  /** Where the volume counts against a limit. */
  readonly limit?: { readonly bytes: number };
  /** Removes what lies outside the Pod's directory and lives as long as the Pod. */
  readonly remove?: () => Promise<void>;
}

/**
 * One kind of volume. `prepare` fetches and checks all it can and leaves no trace; what it gives then makes the
 * volume, or takes up the one that is there.
 */
export interface VolumePlugin {
  /** Field of a `V1Volume`. */
  readonly kind: keyof V1Volume;
  /** The plugin's directory in a Pod's, as the kubelet calls it. */
  readonly directoryName: string;
  prepare(
    place: VolumePlace,
    context: VolumeContext,
    options: Cancellable,
  ): Promise<() => Promise<MadeVolume>>;
}
