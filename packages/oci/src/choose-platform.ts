import { KrustletError } from "@krustlet/interface";
import { INDEX_TYPES, MANIFEST_TYPES } from "./media-types.ts";
import type { Descriptor, Index } from "./manifest.ts";

/** Operating systems of WebAssembly images, best first. Core modules come before components. */
const SYSTEMS = ["wasip1", "wasi", "wasip2", "wasip3", "linux", ""];
const ARCHITECTURES = ["wasm", "wasm32"];

function rankOf(entry: Descriptor): number {
  if (!INDEX_TYPES.includes(entry.mediaType) && !MANIFEST_TYPES.includes(entry.mediaType)) return -1;
  if (entry.platform === undefined) return isSignature(entry) ? -1 : 100;
  const system = SYSTEMS.indexOf(entry.platform.os.toLowerCase());
  const architecture = ARCHITECTURES.indexOf(entry.platform.architecture.toLowerCase());
  return system === -1 || architecture === -1 ? -1 : system * 2 + architecture;
}

const isSignature = (entry: Descriptor): boolean =>
  entry.artifactType !== undefined && /sigstore|notary|in-toto|spdx|cyclonedx/.test(entry.artifactType);

/**
 * The entry of an index to run here: `wasip1`, `wasi`, `wasip2`, `wasip3` or `linux` on `wasm` or `wasm32`, in that order,
 * else the first entry that names no platform. Unknown entries (attestations, other types) are passed over.
 * @throws KrustletError `UnsupportedArtifact` that names the platforms there are.
 */
export function choosePlatform(index: Index, subject: string): Descriptor {
  const [best] = index.manifests
    .map((entry, at) => ({ entry, at, rank: rankOf(entry) }))
    .filter(({ rank }) => rank >= 0)
    .toSorted((a, b) => a.rank - b.rank || a.at - b.at);
  if (best !== undefined) return best.entry;
  const platforms = index.manifests
    .map(({ platform }) => (platform === undefined ? "" : `${platform.os}/${platform.architecture}`))
    .filter((name) => name !== "" && name !== "unknown/unknown");
  const holds =
    platforms.length === 0 ? "no image" : `images for ${[...new Set(platforms)].slice(0, 12).join(", ")}`;
  throw new KrustletError(
    "UnsupportedArtifact",
    `${subject} holds ${holds} and none for WebAssembly (such as wasi/wasm)`,
  );
}
