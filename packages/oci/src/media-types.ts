/** Media types of manifests and of indexes, in the order in which they are accepted. */
export const INDEX_TYPES: readonly string[] = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** @see https://github.com/opencontainers/image-spec/blob/main/manifest.md */
export const MANIFEST_TYPES: readonly string[] = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** Value of `Accept` when a manifest is asked for. */
export const ACCEPT_MANIFESTS: string = [...INDEX_TYPES, ...MANIFEST_TYPES].join(", ");

/** Config types of images that were built as containers are. */
export const IMAGE_CONFIG_TYPES: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/** Config type of the CNCF TAG Runtime's Wasm OCI artifact. */
export const CNCF_CONFIG_TYPE = "application/vnd.wasm.config.v0+json";

/** Config type of wasm-to-oci, and of all that followed it. */
export const WASM_TO_OCI_CONFIG_TYPE = "application/vnd.wasm.config.v1+json";

/** Layer types whose bytes are a module as they are. */
export const WASM_LAYER_TYPES: readonly string[] = [
  "application/wasm",
  "application/vnd.wasm.content.layer.v1+wasm",
  "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
  "application/vnd.module.wasm.content.layer.v1+wasm",
];

/** How a layer's tar stream is packed. */
export type LayerCompression = "none" | "gzip" | "zstd";

/** The compression of a file-system layer of this media type; undefined for types that hold no tar stream. */
export function layerCompressionOf(mediaType: string): LayerCompression | undefined {
  switch (mediaType) {
    case "application/vnd.oci.image.layer.v1.tar":
    case "application/vnd.docker.image.rootfs.diff.tar":
      return "none";
    case "application/vnd.oci.image.layer.v1.tar+gzip":
    case "application/vnd.docker.image.rootfs.diff.tar.gzip":
      return "gzip";
    case "application/vnd.oci.image.layer.v1.tar+zstd":
    case "application/vnd.docker.image.rootfs.diff.tar.zstd":
      return "zstd";
    default:
      return undefined;
  }
}
