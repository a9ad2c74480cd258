import { KrustletError } from "@krustlet/interface";
import { join } from "node:path";

import { makeDirectory } from "../beneath.ts";
import { demandLabel, demandSubdomain, namespaceOf } from "../pod-text.ts";
import type { MadeVolume, VolumePlugin } from "../volume-plugin.ts";

/** `persistentVolumeClaim`: the directory `claims/<namespace>/<name>`, which stays when the Pod goes. */
export const claimVolume: VolumePlugin = {
  kind: "persistentVolumeClaim",
  directoryName: "kubernetes.io~local-volume",
  async prepare({ pod, volume, where }, { rootDirectory, objects }, { signal }) {
    const { claimName = "", readOnly = false } = volume.persistentVolumeClaim ?? {};
    const namespace = demandLabel(namespaceOf(pod), `${where}: the namespace`);
    demandSubdomain(claimName, `${where}: the claim's name`);
    const claim = await objects.persistentVolumeClaim(namespace, claimName, { signal });
    if (claim === undefined) {
      const message = `${where}: persistentvolumeclaim "${claimName}" not found`;
      throw new KrustletError("ObjectNotFound", message, { retryable: true });
    }
    const path = join(rootDirectory, "claims", namespace, claimName);
    return async () => {
      await makeDirectory(path, 0o750);
      return { path, kind: "directory", readOnly } satisfies MadeVolume;
    };
  },
};
