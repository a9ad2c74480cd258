import { KrustletError } from "@krustlet/interface";
import type { ImageConfig } from "@krustlet/interface";
import { parseImageConfig } from "./image-config.ts";
import {
  CNCF_CONFIG_TYPE,
  IMAGE_CONFIG_TYPES,
  layerCompressionOf,
  WASM_LAYER_TYPES,
  WASM_TO_OCI_CONFIG_TYPE,
} from "./media-types.ts";
import type { Descriptor, Manifest } from "./manifest.ts";

/** What has to be done with a manifest's layers to get a module. */
export type ArtifactPlan =
  /** The layer's bytes are the module. */
  | { readonly form: "layer"; readonly layer: Descriptor; readonly config: ImageConfig }
  /** The layers are a file system, in order; `config` names the module in it. */
  | {
      readonly form: "tree";
      readonly layers: readonly Descriptor[];
      readonly config: ImageConfig;
      /** Digests of the unpacked layers, where the config has one for each. */
      readonly diffIds: readonly string[];
    };

/** Types of config, artifact and layer that are known to be something else, and what they are. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [
    /^application\/vnd\.module\.wasm\.config\./,
    "a proxy-wasm plugin for Envoy or Istio, which only a proxy can run",
  ],
  [
    /^application\/vnd\.fermyon\.spin\./,
    "a Spin application, which needs Spin's own runtime; push its module by itself",
  ],
  [/^application\/vnd\.cncf\.helm\./, "a Helm chart"],
  [/^application\/vnd\.(?:dev\.cosign|dev\.sigstore|cncf\.notary)/, "a signature"],
  [
    /^application\/vnd\.(?:in-toto|cyclonedx)|^text\/spdx|^application\/spdx/,
    "an attestation or bill of materials",
  ],
  [/^application\/vnd\.docker\.plugin\./, "a Docker plugin"],
  [/^application\/vnd\.wasmcloud\.provider\./, "a wasmCloud provider"],
];

/**
 * What `manifest` is and how to get its module. `config` is the config blob's text, `subject` the reference.
 * @throws KrustletError `UnsupportedArtifact` that says what it is instead, `RegistryProtocol` when malformed.
 */
export function planArtifact(manifest: Manifest, config: string, subject: string): ArtifactPlan {
  const refuse = (what: string): KrustletError =>
    new KrustletError("UnsupportedArtifact", `${subject} is ${what}`);
  const types = [
    manifest.artifactType ?? "",
    manifest.config.mediaType,
    ...manifest.layers.map((layer) => layer.mediaType),
  ];
  for (const [pattern, what] of FOREIGN) if (types.some((type) => pattern.test(type))) throw refuse(what);

  const type = manifest.config.mediaType;
  if (IMAGE_CONFIG_TYPES.includes(type)) return planImage(manifest, config, subject, refuse);

  const wasm = manifest.layers.filter((layer) => WASM_LAYER_TYPES.includes(layer.mediaType));
  const [only, second] = manifest.layers;
  if (type === CNCF_CONFIG_TYPE || type === WASM_TO_OCI_CONFIG_TYPE || wasm.length > 0) {
    const [layer, more] = wasm;
    if (layer === undefined) throw refuse("a WebAssembly artifact without a layer of WebAssembly");
    if (more !== undefined)
      throw refuse(`a WebAssembly artifact with ${wasm.length} modules; it has to have one`);
    return { form: "layer", layer, config: {} };
  }
  if (only !== undefined && second === undefined) return { form: "layer", layer: only, config: {} };
  throw refuse(
    `an artifact of type ${JSON.stringify((manifest.artifactType ?? type).slice(0, 120))} without a WebAssembly module`,
  );
}

function planImage(
  manifest: Manifest,
  text: string,
  subject: string,
  refuse: (what: string) => KrustletError,
): ArtifactPlan {
  const image = parseImageConfig(text, subject);
  const { os, architecture, config, diffIds } = image;
  if (image.labels["com.fermyon.spin.lockedAppDigest"] !== undefined) {
    throw refuse("a Spin application, which needs Spin's own runtime; push its module by itself");
  }
  const isWasm = /^wasm(?:32)?$/.test(architecture);
  const [layer, more] = manifest.layers.filter(({ mediaType }) => WASM_LAYER_TYPES.includes(mediaType));
  if (layer !== undefined && more === undefined && manifest.layers.length === 1)
    return { form: "layer", layer, config };
  if (layer !== undefined)
    throw refuse(
      "an image with layers beside one of WebAssembly, or with several of those; it has to have one layer then",
    );

  const compat = (manifest.annotations["module.wasm.image/variant"] ?? "").startsWith("compat");
  if (!isWasm && !compat) {
    const platform = [os, architecture].filter(Boolean).join("/") || "an unnamed platform";
    const kind = os === "windows" ? "a Windows" : os === "linux" ? "a Linux" : "a";
    throw refuse(`${kind} container image (${platform}), not a WebAssembly one (such as wasi/wasm)`);
  }
  const odd = manifest.layers.find(({ mediaType }) => layerCompressionOf(mediaType) === undefined);
  if (odd !== undefined)
    throw refuse(
      `an image with a layer of type ${JSON.stringify(odd.mediaType.slice(0, 120))}, which holds no files`,
    );
  if (manifest.layers.length === 0) throw refuse("an image without layers");
  return {
    form: "tree",
    layers: manifest.layers,
    config,
    diffIds: diffIds.length === manifest.layers.length ? diffIds : [],
  };
}
