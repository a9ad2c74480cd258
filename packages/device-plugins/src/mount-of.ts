import { stat } from "node:fs/promises";

import type { Mount } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";

import type { DeviceMount } from "./merge-answers.ts";

/**
 * A plugin's mount, with what there is at its path now.
 * @throws KrustletError `VolumeFailed` where it is no directory and no regular file.
 */
export async function mountOf(
  { hostPath, containerPath, readOnly }: DeviceMount,
  what: string,
): Promise<Mount> {
  const wrong = (why: string, cause?: unknown): KrustletError =>
    new KrustletError("VolumeFailed", `${what}: its device plugin mounts ${hostPath}, which ${why}.`, {
      cause,
    });
  const stats = await stat(hostPath).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw wrong(`cannot be used${code}`, cause);
  });
  if (!stats.isDirectory() && !stats.isFile()) throw wrong("is no directory and no regular file");
  return {
    source: hostPath,
    target: containerPath,
    kind: stats.isDirectory() ? "directory" : "file",
    readOnly,
  };
}
