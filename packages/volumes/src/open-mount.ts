import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { Mount } from "@krustlet/interface";
import type { FileHandle } from "node:fs/promises";
import { pid } from "node:process";

import { openBeneath } from "./beneath.ts";
import type { PlannedMount } from "./plan-mounts.ts";
import { failedWith, volumeError } from "./volume-error.ts";
import type { MadeVolume } from "./volume-plugin.ts";

/** A mount, and the descriptor that it leads through where there is one; whoever opened it closes it. */
export interface OpenMount {
  readonly mount: Mount;
  readonly handle?: FileHandle;
}

/**
 * Resolves one planned mount on disk. A `subPath` is opened beneath the volume and the mount leads through the open
 * descriptor, so that nobody who writes to the volume can put something else there between now and the start.
 * @throws KrustletError `PathEscape`, `VolumeFailed`, `NoSpace`.
 */
export async function openMount(
  planned: PlannedMount,
  volume: MadeVolume,
  where: string,
): Promise<OpenMount> {
  const { target, subPath } = planned;
  const readOnly = planned.readOnly || volume.readOnly;
  if (subPath === undefined) {
    return { mount: { source: volume.path, target, kind: volume.kind, readOnly } };
  }
  const { expression } = planned;
  const place = `${where}: subPath "${expression ?? subPath}"`;
  if (volume.kind === "file") {
    throw new KrustletError("VolumeFailed", `${place} of a volume that is a single file`);
  }
  let handle: FileHandle;
  try {
    handle = await openBeneath(volume.path, subPath, !volume.readOnly);
  } catch (cause) {
    if (expression !== undefined) throw withoutPath(cause, place);
    if (isKrustletError(cause))
      throw new KrustletError(cause.code, `${where}: subPath ${cause.message}`, { cause });
    if (failedWith(cause, "ENOENT")) {
      throw new KrustletError("VolumeFailed", `${place} is not in the volume`, { cause });
    }
    throw volumeError(cause, place);
  }
  const kind = (await handle.stat()).isDirectory() ? "directory" : "file";
  return { mount: { source: `/proc/${pid}/fd/${handle.fd}`, target, kind, readOnly }, handle };
}

/** Of a path that came of variables neither it nor a part of it is told: one of them may be a secret. */
function withoutPath(cause: unknown, place: string): KrustletError {
  const code = isKrustletError(cause) ? cause.code : "VolumeFailed";
  if (code === "PathEscape") return new KrustletError(code, `${place} leads out of the volume`);
  const missing = failedWith(cause, "ENOENT");
  return new KrustletError(code, `${place} ${missing ? "is not in the volume" : "cannot be opened"}`, {
    retryable: true,
  });
}
