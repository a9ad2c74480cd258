import type { Cancellable } from "./clock.ts";

/** What of a ConfigMap its users need; a `V1ConfigMap` is one. `binaryData` is base64. */
export interface ConfigMapObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** What of a Secret its users need; a `V1Secret` whose `stringData` was merged is one. `data` is base64. */
export interface SecretObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** What of a PersistentVolumeClaim its users need. */
export interface PersistentVolumeClaimObject {
  readonly spec?: { readonly accessModes?: readonly string[]; readonly volumeName?: string };
}

/** Where the objects that a Pod names come from: the other documents of a manifest, or the API server. */
export interface ObjectSource {
  configMap(namespace: string, name: string, options?: Cancellable): Promise<ConfigMapObject | undefined>;
  secret(namespace: string, name: string, options?: Cancellable): Promise<SecretObject | undefined>;
  persistentVolumeClaim(
    namespace: string,
    name: string,
    options?: Cancellable,
  ): Promise<PersistentVolumeClaimObject | undefined>;
}
