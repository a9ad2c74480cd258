import { KrustletError } from "@krustlet/interface";

import { MAX_MANIFEST_LENGTH } from "./read-yaml.ts";

/** The most bytes that a manifest can have: who reads one from outside need not read more. */
export const MAX_MANIFEST_BYTES: number = 3 * MAX_MANIFEST_LENGTH;

/**
 * The text of a manifest, without a byte order mark.
 * @throws KrustletError `InvalidManifest` where it is larger than any manifest, or no UTF-8.
 */
export function manifestText(content: Uint8Array, source: string): string {
  if (content.length > MAX_MANIFEST_BYTES) {
    const most = `${MAX_MANIFEST_LENGTH / 2 ** 20} MiB`;
    throw new KrustletError("InvalidManifest", `${source}: the manifest is larger than ${most}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    throw new KrustletError("InvalidManifest", `${source}: the manifest is not UTF-8 text`, { cause });
  }
}
