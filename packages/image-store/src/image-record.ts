import type { ImageConfig, PulledImage, WasmImage, WasmKind } from "@krustlet/interface";
import { blobPathOf, isDigest } from "./layout.ts";
import type { StoreLayout } from "./layout.ts";
import { join } from "node:path";

/** Who may use an image without the registry being asked again. */
export interface RecordedAccess {
  /** Pulled anonymously or with the machine's own login: everybody on the machine. */
  readonly machine: boolean;
  /** Fingerprints of the credentials that the registry accepted for it. */
  readonly credentials: readonly string[];
}

/** What the store knows of a reference. Paths are not in it, so a store can be moved. */
export interface ImageRecord {
  readonly version: 1;
  /** Canonical reference. */
  readonly name: string;
  readonly repository: string;
  /** As a user first gave it. */
  readonly reference: string;
  /** What the reference stood for when it was last asked for. */
  readonly digest: string;
  readonly manifestDigest: string;
  readonly kind: WasmKind;
  readonly module: { readonly digest: string; readonly size: number };
  readonly config: ImageConfig;
  readonly size: number;
  readonly blobs: readonly string[];
  readonly tree?: string;
  /** ISO 8601. */
  readonly pulledAt: string;
  readonly access: RecordedAccess;
}

/** The record of a pulled image. */
export function buildRecord(
  pulled: PulledImage,
  named: { readonly name: string; readonly repository: string; readonly reference: string },
  access: RecordedAccess,
  now: Date,
): ImageRecord {
  const { digest, manifestDigest, kind, module, config, size, blobs, tree } = pulled;
  return {
    version: 1,
    name: named.name,
    repository: named.repository,
    reference: named.reference,
    digest,
    manifestDigest,
    kind,
    module: { digest: module.digest, size: module.size },
    config,
    size,
    blobs,
    ...(tree === undefined ? {} : { tree }),
    pulledAt: now.toISOString(),
    access,
  };
}

/** The image of a record, as `reference` names it. */
export function imageOf(
  record: ImageRecord,
  layout: StoreLayout,
  reference: string = record.reference,
): WasmImage {
  const { digest, size } = record.module;
  return {
    reference,
    imageID: `${record.repository}@${record.digest}`,
    kind: record.kind,
    module: { digest, size, path: blobPathOf(layout, digest) },
    config: record.config,
    size: record.size,
    ...(record.tree === undefined ? {} : { rootfs: join(layout.trees, record.tree) }),
  };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isDigests = (value: unknown): boolean => isTexts(value) && value.every(isDigest);

/** Reads a record's text; undefined for anything that this version did not write whole. */
export function parseRecord(text: string): ImageRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const record = json as Partial<ImageRecord> | null;
  const good =
    typeof record === "object" &&
    record?.version === 1 &&
    isText(record.name) &&
    isText(record.repository) &&
    isText(record.reference) &&
    isText(record.pulledAt) &&
    isDigests([record.digest, record.manifestDigest, record.module?.digest]) &&
    typeof record.module?.size === "number" &&
    typeof record.size === "number" &&
    (record.kind === "module" || record.kind === "component") &&
    isDigests(record.blobs) &&
    (record.tree === undefined || /^sha(?:256|512)-[a-f0-9]+$/.test(record.tree)) &&
    typeof record.access?.machine === "boolean" &&
    isTexts(record.access.credentials) &&
    typeof record.config === "object" &&
    record.config !== null;
  return good ? (record as ImageRecord) : undefined;
}
