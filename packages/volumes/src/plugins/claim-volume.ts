import { KrustletError } from "@krustlet/interface";
import { join } from "node:path";

import { makeDirectory } from "../beneath.ts";
import { demandLabel, demandSubdomain, namespaceOf } from "../pod-text.ts";
import type { MadeVolume, VolumePlugin } from "../volume-plugin.ts";
import { prepareBoundVolume } from "./bound-volume.ts";

/**
 * `persistentVolumeClaim`: in a cluster the PersistentVolume that the claim is bound to; elsewhere the directory
 * `claims/<namespace>/<name>`. Both stay when the Pod goes.
 */
export const claimVolume: VolumePlugin = {
  kind: "persistentVolumeClaim",
  directoryName: "kubernetes.io~local-volume",
  async prepare({ pod, volume, where }, context, { signal }) {
    const { rootDirectory, objects } = context;
    const { claimName = "", readOnly = false } = volume.persistentVolumeClaim ?? {};
    const namespace = demandLabel(namespaceOf(pod), `${where}: the namespace`);
    demandSubdomain(claimName, `${where}: the claim's name`);
    const claim = await objects.persistentVolumeClaim(namespace, claimName, { signal });
    if (claim === undefined) {
      const message = `${where}: persistentvolumeclaim "${claimName}" not found`;
      throw new KrustletError("ObjectNotFound", message, { retryable: true });
    }
    if (objects.persistentVolume !== undefined) {
      const make = await prepareBoundVolume(claim, {
        namespace,
        claimName,
        pod,
        readOnly,
        where,
        context,
        signal,
      });
      return async () => {
        const made = await make();
        return { ...made, readOnly: readOnly || made.readOnly };
      };
    }
    const path = join(rootDirectory, "claims", namespace, claimName);
    return async () => {
      await makeDirectory(path, 0o750);
      return { path, kind: "directory", readOnly } satisfies MadeVolume;
    };
  },
};
