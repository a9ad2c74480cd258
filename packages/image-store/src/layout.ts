import { createHash } from "node:crypto";
import { join } from "node:path";

/** Where a store keeps what. All of it may be deleted at any time; it is a cache. */
export interface StoreLayout {
  readonly root: string;
  /** `blobs/<algorithm>/<hex>`: bytes by digest. */
  readonly blobs: string;
  /** `trees/<algorithm>-<hex>`: unpacked file systems by manifest digest. */
  readonly trees: string;
  /** `records/<hash of the name>.json`: what a reference stands for. Its mtime is when it was last used. */
  readonly records: string;
  /** `tmp/<owner>/`: what a process is writing. */
  readonly tmp: string;
  /** `leases/<owner>.json`: what a process is using. */
  readonly leases: string;
  /** Key for fingerprints of credentials. */
  readonly salt: string;
}

/** The layout of the store at `root`. */
export function layoutOf(root: string): StoreLayout {
  return {
    root,
    blobs: join(root, "blobs"),
    trees: join(root, "trees"),
    records: join(root, "records"),
    tmp: join(root, "tmp"),
    leases: join(root, "leases"),
    salt: join(root, "salt"),
  };
}

/** Path of a blob. `digest` has been checked: only `sha256:` and `sha512:` with hex get here. */
export function blobPathOf(layout: StoreLayout, digest: string): string {
  const [algorithm = "", hex = ""] = digest.split(":");
  return join(layout.blobs, algorithm, hex);
}

/** Path of the record of a canonical name. */
export function recordPathOf(layout: StoreLayout, name: string): string {
  return join(layout.records, `${createHash("sha256").update(name).digest("hex")}.json`);
}

/** Whether `text` is a digest that can be a file's name here. */
export function isDigest(text: string): boolean {
  return /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/.test(text);
}
