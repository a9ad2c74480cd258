import type { Cancellable } from "./clock.ts";
import type { ImageConfig, ModuleSource, PullProgress, RegistryCredential, WasmKind } from "./image.ts";

/** What a reference says without asking anybody. */
export interface ImageName {
  /** The canonical reference: registry, repository and tag or digest, all spelt out. Equal names are equal images. */
  readonly name: string;
  /** `name` without its tag or digest. */
  readonly repository: string;
  /** The digest, where the reference has one; such a reference never changes. */
  readonly digest?: string;
}

/** By what right the registry gave an image: to anybody on this machine, or to the holder of one credential. */
export type PullAccess =
  | { readonly by: "machine" }
  | { readonly by: "credential"; readonly credential: RegistryCredential };

/** Options of an {@link ImagePuller}'s calls. */
export interface PullerOptions extends Cancellable {
  /** Tried in order, before those of the machine. */
  readonly credentials?: readonly RegistryCredential[];
  readonly onProgress?: (progress: PullProgress) => void;
}

/** What a registry says that a reference stands for. */
export interface ResolvedImage {
  /** Digest of the manifest, or of the index, that the reference names. */
  readonly digest: string;
  readonly access: PullAccess;
}

/** Where a puller puts what it fetched. The owner makes it durable and shared; the puller verifies it. */
export interface PullTarget {
  /** Path of the blob, if it is here and its bytes still have this digest. */
  find(digest: string): Promise<string | undefined>;
  /**
   * Adds a blob: `write` fills the file `partial` (which may hold a prefix from an earlier attempt) and resolves only
   * when its bytes have this digest. The path where it stays is returned.
   */
  add(digest: string, write: (partial: string) => Promise<void>): Promise<string>;
  /** The directory that holds the tree `key`; `unpack` fills an empty directory if it is not here yet. */
  addTree(key: string, unpack: (directory: string) => Promise<void>): Promise<string>;
}

/** A pulled image, all of whose bytes are in the {@link PullTarget}. */
export interface PulledImage extends ResolvedImage {
  /** Digest of the image manifest that was chosen; differs from `digest` where that is an index. */
  readonly manifestDigest: string;
  readonly kind: WasmKind;
  readonly module: ModuleSource;
  readonly config: ImageConfig;
  /** Bytes of everything that belongs to it at the registry. */
  readonly size: number;
  /** Digests of the blobs that the image needs on disk from now on. */
  readonly blobs: readonly string[];
  /** Key of its tree in the target, for images whose layers hold a file system. */
  readonly tree?: string;
}

/** Gets images from where they are published. Implemented by `@krustlet/oci`, used by `@krustlet/image-store`. */
export interface ImagePuller {
  /** @throws KrustletError `InvalidReference`. */
  nameOf(reference: string): ImageName;
  /** Asks the registry what `reference` stands for now, without fetching it. */
  resolve(reference: string, options?: PullerOptions): Promise<ResolvedImage>;
  /** Fetches the image of `reference` into `target`, whatever is there already excepted. */
  pull(reference: string, target: PullTarget, options?: PullerOptions): Promise<PulledImage>;
}
