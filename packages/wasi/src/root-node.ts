/** A directory of the host; the kernel itself holds the guest beneath it. */
export interface HostDirectoryNode {
  readonly kind: "host-directory";
  /** Absolute host path. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Nodes that lie over the directory's own entries, by name: mounts within the mount. */
  readonly children?: NodeChildren;
}

/** A single file of the host. */
export interface HostFileNode {
  readonly kind: "host-file";
  /** Absolute host path; followed once, when the guest opens it, as the host sees it. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** A directory that exists for the guest only. Read-only; what is in it is what `children` names. */
export interface VirtualDirectoryNode {
  readonly kind: "directory";
  readonly children: NodeChildren;
}

/** The devices that a guest may be given under `/dev`. */
export type DeviceName = "null" | "zero" | "random" | "stdin" | "stdout" | "stderr";

/** A device file, served by the host without any file of the host. */
export interface DeviceNode {
  readonly kind: "device";
  readonly device: DeviceName;
}

/** The file that a guest opens to be told to stop: it reads `TERM\n` there when {@link Wasi.terminate} is called. */
export interface SignalsNode {
  readonly kind: "signals";
}

/** One thing of the guest's file tree. Plain data: crosses threads. */
export type RootNode = HostDirectoryNode | HostFileNode | VirtualDirectoryNode | DeviceNode | SignalsNode;

/** What a directory node holds, by name. */
export type NodeChildren = ReadonlyMap<string, RootNode>;
