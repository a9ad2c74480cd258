import type { Cancellable } from "./clock.ts";

/** Bytes of WebAssembly on this machine's disk, named by what they are. Plain data: crosses threads and processes. */
export interface ModuleSource {
  /** `sha256:<hex>` of the bytes. Equal digests share one compiled module. */
  readonly digest: string;
  /** Absolute path of a file with the bytes. Nobody writes to it while it is referenced. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** What a WebAssembly binary is, by its first eight bytes. */
export type WasmKind = "module" | "component";

/** What an OCI image config says of how to run the image; all optional. */
export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** `NAME=value` entries. */
  readonly env?: readonly string[];
  readonly workingDir?: string;
}

/** A runnable image on this machine's disk. */
export interface WasmImage {
  /** The reference as the user gave it. */
  readonly reference: string;
  /** `<repository>@sha256:<hex>` of the manifest, or `sha256:<hex>` of the module for a file. Becomes `imageID`. */
  readonly imageID: string;
  readonly kind: WasmKind;
  readonly module: ModuleSource;
  readonly config: ImageConfig;
  /** Bytes of everything that was pulled for it. */
  readonly size: number;
  /** Absolute path of the unpacked file system, for images whose layers hold one. Read-only, shared. */
  readonly rootfs?: string;
}

/** When to ask the registry, as Kubernetes' `imagePullPolicy` defines it. */
export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/** A user name and secret for registries that match; the credentials of one pod never serve another. */
export interface RegistryCredential {
  /** Docker config key that it was found under: `host[:port][/path]`, globs allowed in host labels. */
  readonly registry: string;
  readonly username?: string;
  readonly password?: string;
  /** An OAuth2 refresh token (`identitytoken`), instead of the password. */
  readonly identityToken?: string;
  /** A bearer token to be sent as it is (`registrytoken`). */
  readonly registryToken?: string;
}

/** How far a pull is. One blob's `current` grows to its `total`; both are bytes. */
export interface PullProgress {
  readonly reference: string;
  readonly digest: string;
  readonly current: number;
  readonly total: number;
  readonly state: "resolving" | "downloading" | "verifying" | "unpacking" | "done" | "retrying";
  /** Why it is retrying, and after how many ms. */
  readonly message?: string;
}

/** Options of {@link ImageStore.ensure}. */
export interface EnsureImageOptions extends Cancellable {
  readonly policy: PullPolicy;
  /** Tried in order, before those of the machine's docker config. */
  readonly credentials?: readonly RegistryCredential[];
  /** Told before the registry is asked, where it has to be. */
  readonly onPull?: () => void;
  readonly onProgress?: (progress: PullProgress) => void;
}

/** What {@link ImageStore.ensure} found. */
export interface EnsuredImage {
  readonly image: WasmImage;
  /** False when it was already present and the registry sent no bytes for it. */
  readonly pulled: boolean;
  /** Milliseconds that the registry took, whether or not it had anything new; 0 where it was not asked. */
  readonly duration: number;
}

/** The images on this machine's disk. Safe against a kill at any moment and against other processes. */
export interface ImageStore {
  /**
   * The image of `reference`, pulled as `policy` says.
   * @throws KrustletError `InvalidReference`, `ImageNeverPull`, `ImageNotFound`, `Registry…`, `DigestMismatch`,
   * `UnsupportedArtifact`, `InvalidModule`, `NoSpace`.
   */
  ensure(reference: string, options: EnsureImageOptions): Promise<EnsuredImage>;
  /** Every image that is complete on disk, most recently used first. */
  list(): Promise<readonly StoredImage[]>;
  /** Forgets a reference (or every reference of a digest); its blobs go with the next collection. False if unknown. */
  remove(reference: string): Promise<boolean>;
}

/** One line of `krustlet images`. */
export interface StoredImage {
  readonly image: WasmImage;
  readonly pulledAt: Date;
  readonly lastUsedAt: Date;
}
