import { KrustletError } from "@krustlet/interface";
import { isDigest } from "./digest.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "./media-types.ts";

/** Operating system and architecture of an entry of an index. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** Points to content by digest. https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: Platform;
  /** The content itself, base64, where it is small. */
  readonly data?: string;
}

/** An image or artifact manifest. */
export interface Manifest {
  readonly type: "manifest";
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/** An image index, or Docker's manifest list. */
export interface Index {
  readonly type: "index";
  readonly manifests: readonly Descriptor[];
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/**
 * Parses a manifest or an index. `contentType` is what the registry called it; `subject` names it in errors.
 * @throws KrustletError `RegistryProtocol` when it is malformed or says two different things of what it is.
 */
export function parseManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
  subject: string,
): Manifest | Index {
  const fail = (why: string): KrustletError =>
    new KrustletError("RegistryProtocol", `${subject}: the registry's manifest is malformed: ${why}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new KrustletError("RegistryProtocol", `${subject}: the registry's manifest is no JSON`, { cause });
  }
  if (!isRecord(json)) throw fail("it is no JSON object");
  if (json["schemaVersion"] === 1) {
    throw new KrustletError(
      "UnsupportedArtifact",
      `${subject} is a Docker schema 1 image, which is obsolete; push it again`,
    );
  }
  const type = manifestTypeOf(json, contentType, fail);
  if (type === "index") {
    return { type, manifests: listOf(json["manifests"], "manifests", fail) };
  }
  return {
    type,
    config: descriptorOf(json["config"], "config", fail),
    layers: listOf(json["layers"] ?? [], "layers", fail),
    annotations: stringsOf(json["annotations"]),
    ...(typeof json["artifactType"] === "string" ? { artifactType: json["artifactType"] } : {}),
  };
}

function manifestTypeOf(
  json: Json,
  contentType: string | undefined,
  fail: (why: string) => Error,
): "manifest" | "index" {
  const field = json["mediaType"];
  const header = contentType?.split(";")[0]?.trim().toLowerCase();
  const known = (text: unknown): text is string =>
    typeof text === "string" && (INDEX_TYPES.includes(text) || MANIFEST_TYPES.includes(text));
  if (known(field) && known(header) && field !== header) {
    throw fail(`its mediaType is ${field} but the registry sent it as ${header}`);
  }
  // One document that can be read as both is how two clients are made to run different things (CVE-2021-41190).
  if ("manifests" in json && ("layers" in json || "config" in json))
    throw fail("it is an index and a manifest at once");
  const told = known(field) ? field : known(header) ? header : undefined;
  const index = told === undefined ? "manifests" in json : INDEX_TYPES.includes(told);
  return index ? "index" : "manifest";
}

function listOf(value: unknown, field: string, fail: (why: string) => Error): readonly Descriptor[] {
  if (!Array.isArray(value)) throw fail(`${field} is no list`);
  return value.map((item, at) => descriptorOf(item, `${field}[${at}]`, fail));
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  const strings: Record<string, string> = Object.create(null) as Record<string, string>;
  if (!isRecord(value)) return strings;
  for (const [key, text] of Object.entries(value)) if (typeof text === "string") strings[key] = text;
  return strings;
}

function descriptorOf(value: unknown, field: string, fail: (why: string) => Error): Descriptor {
  if (!isRecord(value)) throw fail(`${field} is missing or no object`);
  const { mediaType, digest, size, platform, artifactType, data } = value;
  if (typeof mediaType !== "string") throw fail(`${field}.mediaType is no text`);
  if (typeof digest !== "string" || !isDigest(digest))
    throw fail(`${field}.digest is neither sha256 nor sha512`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw fail(`${field}.size is no size`);
  return {
    mediaType,
    digest,
    size,
    annotations: stringsOf(value["annotations"]),
    ...(typeof artifactType === "string" ? { artifactType } : {}),
    ...(typeof data === "string" ? { data } : {}),
    ...(isRecord(platform)
      ? {
          platform: {
            os: textOf(platform["os"]),
            architecture: textOf(platform["architecture"]),
          },
        }
      : {}),
  };
}
