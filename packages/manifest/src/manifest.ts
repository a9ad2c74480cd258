import type { V1ConfigMap, V1PersistentVolumeClaim, V1Pod, V1Secret } from "@kubernetes/client-node";

/** What a manifest holds, checked and with the API server's defaults. */
export interface Manifest {
  /** The Pods, and one for each replica of what makes Pods from a template, in the order of the file. */
  readonly pods: readonly V1Pod[];
  readonly configMaps: readonly V1ConfigMap[];
  /** `stringData` is merged into `data`, which is base64. */
  readonly secrets: readonly V1Secret[];
  readonly persistentVolumeClaims: readonly V1PersistentVolumeClaim[];
  /** Sentences on what was ignored and might be missed; each names file, document and line. */
  readonly warnings: readonly string[];
}
