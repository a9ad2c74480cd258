import { KrustletError } from "@krustlet/interface";

/** How much an image may unpack to. */
export interface UnpackLimits {
  /** Bytes, over all layers, tar headers included. Default 4 GiB. */
  readonly bytes: number;
  /** Files, directories and links, over all layers. Default 200,000. */
  readonly entries: number;
}

/** {@link UnpackLimits}' defaults. */
export const DEFAULT_UNPACK_LIMITS: UnpackLimits = { bytes: 4 * 2 ** 30, entries: 200_000 };

/** Counts what an image unpacks to, and ends it when that is too much: a small layer can hold endless zeros. */
export interface UnpackBudget {
  spendBytes(count: number): void;
  spendEntry(): void;
}

/** A budget for one image. Spending more than `limits` throws `UnsupportedArtifact`. */
export function createUnpackBudget(limits: UnpackLimits, subject: string): UnpackBudget {
  let { bytes, entries } = limits;
  const refuse = (what: string): KrustletError =>
    new KrustletError("UnsupportedArtifact", `${subject} unpacks to more than ${what}, which is the limit`);
  return {
    spendBytes(count) {
      bytes -= count;
      if (bytes < 0) throw refuse(`${limits.bytes} bytes`);
    },
    spendEntry() {
      entries -= 1;
      if (entries < 0) throw refuse(`${limits.entries} files`);
    },
  };
}
