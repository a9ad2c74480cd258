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
  readonly metadata?: { readonly uid?: string; readonly deletionTimestamp?: unknown };
  readonly spec?: { readonly accessModes?: readonly string[]; readonly volumeName?: string };
  readonly status?: { readonly phase?: string };
}

/** What of a PersistentVolume its users need; a `V1PersistentVolume` is one. */
export interface PersistentVolumeObject {
  readonly metadata?: { readonly name?: string };
  readonly spec?: {
    readonly claimRef?: { readonly namespace?: string; readonly name?: string; readonly uid?: string };
    readonly hostPath?: { readonly path: string; readonly type?: string };
    readonly local?: { readonly path: string };
    readonly csi?: CsiSource;
    readonly accessModes?: readonly string[];
    readonly mountOptions?: readonly string[];
    readonly nodeAffinity?: { readonly required?: { readonly nodeSelectorTerms: readonly NodeTerm[] } };
    readonly volumeMode?: string;
  };
}

/** What of a PersistentVolume's `spec.csi` its users need. */
export interface CsiSource {
  readonly driver: string;
  readonly volumeHandle: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly volumeAttributes?: Readonly<Record<string, string>>;
  readonly nodeStageSecretRef?: SecretReference;
  readonly nodePublishSecretRef?: SecretReference;
}

interface SecretReference {
  readonly namespace?: string;
  readonly name?: string;
}

interface NodeTerm {
  readonly matchExpressions?: readonly NodeRequirement[];
  readonly matchFields?: readonly NodeRequirement[];
}

interface NodeRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Names one object of the API server's. */
export interface ObjectKey {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
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
  /** Absent where there is no API server: a claim is then a directory of its own. */
  persistentVolume?(name: string, options?: Cancellable): Promise<PersistentVolumeObject | undefined>;
}

/** What a service account token is asked for. */
export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Empty: the API server's own. */
  readonly audiences: readonly string[];
  /** At least 600. */
  readonly expirationSeconds: number;
  /** The pod that the token is bound to. */
  readonly pod: { readonly name: string; readonly uid: string };
}

/** A service account token. It is never logged. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Where service account tokens come from: the API server, in a cluster. */
export type TokenSource = (request: TokenRequest, options?: Cancellable) => Promise<IssuedToken>;
