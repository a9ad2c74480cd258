import { fieldOf, resourceFieldOf } from "@krustlet/environment";
import type { NodeFacts } from "@krustlet/environment";
import { isKrustletError, KrustletError } from "@krustlet/interface";
import type { V1DownwardAPIVolumeFile, V1Pod } from "@kubernetes/client-node";

import type { PayloadFile } from "../payload.ts";

/** What the files of a downwardAPI volume are made from. */
export interface DownwardInit {
  readonly pod: V1Pod;
  readonly node: NodeFacts;
  readonly defaultMode?: number;
  readonly where: string;
}

/** The files of a downwardAPI volume or source. */
export function downwardFiles(
  items: readonly V1DownwardAPIVolumeFile[] | undefined,
  init: DownwardInit,
): readonly (readonly [string, PayloadFile])[] {
  const { defaultMode = 0o644 } = init;
  return (items ?? []).map((item) => {
    const bytes = Buffer.from(valueOf(item, init), "utf8");
    return [item.path, { bytes, mode: item.mode ?? defaultMode }] as const;
  });
}

function valueOf({ path, fieldRef, resourceFieldRef }: V1DownwardAPIVolumeFile, init: DownwardInit): string {
  const { pod, node } = init;
  const where = `${init.where}, file "${path}"`;
  try {
    if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath, node);
    if (resourceFieldRef !== undefined) {
      const { containerName = "" } = resourceFieldRef;
      const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
      const container = containers.find(({ name }) => name === containerName);
      if (container !== undefined) return resourceFieldOf(container, resourceFieldRef, node.allocatable);
      throw new KrustletError("InvalidField", `the pod has no container "${containerName}"`);
    }
  } catch (cause) {
    if (isKrustletError(cause)) throw new KrustletError(cause.code, `${where}: ${cause.message}`, { cause });
    throw cause;
  }
  throw new KrustletError("InvalidField", `${where} has neither fieldRef nor resourceFieldRef`);
}
