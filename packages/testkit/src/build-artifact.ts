import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";

/** A blob of an artifact. */
export interface ArtifactBlob {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What {@link buildArtifact} builds from. */
export interface ArtifactInit {
  readonly config: ArtifactBlob;
  readonly layers: readonly ArtifactBlob[];
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest and the blobs that it names. */
export interface Artifact {
  readonly mediaType: string;
  readonly manifest: Buffer;
  readonly digest: string;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** For an index. */
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/** `sha256:<hex>` of bytes. */
export function sha256Of(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** An artifact of any types at all. */
export function buildArtifact(init: ArtifactInit): Artifact {
  const mediaType = init.mediaType ?? OCI_MANIFEST;
  const describe = ({ mediaType, bytes, annotations }: ArtifactBlob): object => ({
    mediaType,
    digest: sha256Of(bytes),
    size: bytes.length,
    ...(annotations === undefined ? {} : { annotations }),
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType,
    ...(init.artifactType === undefined ? {} : { artifactType: init.artifactType }),
    config: describe(init.config),
    layers: init.layers.map(describe),
    ...(init.annotations === undefined ? {} : { annotations: init.annotations }),
  });
  const blobs = new Map([init.config, ...init.layers].map(({ bytes }) => [sha256Of(bytes), bytes]));
  return { mediaType, manifest, digest: sha256Of(manifest), blobs };
}

/** The CNCF's Wasm OCI artifact, as `wkg` and `wash` push it. */
export function buildCncfArtifact(module: Uint8Array): Artifact {
  const config = { architecture: "wasm", os: "wasip1", layerDigests: [sha256Of(module)] };
  return buildArtifact({
    config: { mediaType: "application/vnd.wasm.config.v0+json", bytes: json(config) },
    layers: [{ mediaType: "application/wasm", bytes: module }],
  });
}

/** What wasm-to-oci pushes. */
export function buildWasmToOciArtifact(module: Uint8Array): Artifact {
  return buildArtifact({
    config: { mediaType: "application/vnd.wasm.config.v1+json", bytes: json({}) },
    layers: [{ mediaType: "application/vnd.wasm.content.layer.v1+wasm", bytes: module }],
  });
}

/** What `oras push hello.wasm` makes. */
export function buildOrasArtifact(module: Uint8Array): Artifact {
  return buildArtifact({
    artifactType: "application/vnd.example.hello",
    config: { mediaType: "application/vnd.oci.empty.v1+json", bytes: json({}) },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        bytes: module,
        annotations: { "org.opencontainers.image.title": "hello.wasm" },
      },
    ],
  });
}

/** Options of {@link buildImage}. */
export interface ImageInit {
  /** Tar streams, lowest first. */
  readonly layers: readonly Uint8Array[];
  readonly compression?: "none" | "gzip" | "zstd";
  readonly os?: string;
  readonly architecture?: string;
  /** The config's `config`. */
  readonly run?: Readonly<Record<string, unknown>>;
  readonly docker?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image as `docker build --platform wasi/wasm` makes it. */
export function buildImage(init: ImageInit): Artifact {
  const { os = "wasi", architecture = "wasm", run = {}, compression = "gzip", docker = false } = init;
  const packed = init.layers.map((tar) =>
    compression === "gzip" ? gzipSync(tar) : compression === "zstd" ? zstdCompressSync(tar) : tar,
  );
  const suffix = compression === "none" ? "" : compression;
  const layerType = docker
    ? `application/vnd.docker.image.rootfs.diff.tar${suffix && `.${suffix}`}`
    : `application/vnd.oci.image.layer.v1.tar${suffix && `+${suffix}`}`;
  const rootfs = { type: "layers", diff_ids: init.layers.map(sha256Of) };
  const configType = docker
    ? "application/vnd.docker.container.image.v1+json"
    : "application/vnd.oci.image.config.v1+json";
  const artifact = buildArtifact({
    config: { mediaType: configType, bytes: json({ os, architecture, config: run, rootfs }) },
    layers: packed.map((bytes) => ({ mediaType: layerType, bytes })),
    ...(docker ? { mediaType: "application/vnd.docker.distribution.manifest.v2+json" } : {}),
    ...(init.annotations === undefined ? {} : { annotations: init.annotations }),
  });
  return { ...artifact, platform: { os, architecture } };
}

/** runwasi's "OCI image with wasm layers". */
export function buildWasmLayerImage(module: Uint8Array): Artifact {
  const config = { os: "wasip1", architecture: "wasm", config: {}, rootfs: { type: "layers", diff_ids: [] } };
  return buildArtifact({
    config: { mediaType: "application/vnd.oci.image.config.v1+json", bytes: json(config) },
    layers: [{ mediaType: "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm", bytes: module }],
  });
}

/** An index of artifacts; those without a platform have none in it. Its blobs are not in it: push the artifacts first. */
export function buildIndex(artifacts: readonly Artifact[]): Artifact {
  const manifest = json({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: artifacts.map(({ mediaType, digest, manifest, platform }) => ({
      mediaType,
      digest,
      size: manifest.length,
      ...(platform === undefined ? {} : { platform }),
    })),
  });
  return { mediaType: OCI_INDEX, manifest, digest: sha256Of(manifest), blobs: new Map() };
}
