/** A `configMapKeyRef` or `secretKeyRef`. */
export interface KeySelector {
  readonly name?: string;
  readonly key: string;
  readonly optional?: boolean;
}

/** A `fieldRef`. */
export interface FieldSelector {
  readonly apiVersion?: string;
  readonly fieldPath: string;
}

/** A `resourceFieldRef`. `containerName` is for volumes; the environment's is always its own container. */
export interface ResourceFieldSelector {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string;
}

/** One entry of `env`. */
export interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly configMapKeyRef?: KeySelector;
    readonly secretKeyRef?: KeySelector;
    readonly fieldRef?: FieldSelector;
    readonly resourceFieldRef?: ResourceFieldSelector;
    readonly fileKeyRef?: object;
  };
}

/** One entry of `envFrom`. */
export interface EnvFromEntry {
  readonly prefix?: string;
  readonly configMapRef?: { readonly name?: string; readonly optional?: boolean };
  readonly secretRef?: { readonly name?: string; readonly optional?: boolean };
}

/** What of a container the environment is made from; a `V1Container` is one. */
export interface EnvironmentContainer {
  readonly name: string;
  readonly env?: readonly EnvEntry[];
  readonly envFrom?: readonly EnvFromEntry[];
  readonly resources?: {
    readonly limits?: Readonly<Record<string, string>>;
    readonly requests?: Readonly<Record<string, string>>;
  };
}

interface ObjectReference {
  readonly name?: string;
  readonly optional?: boolean;
}

/** What of a volume names other objects; a `V1Volume` is one. */
export interface EnvironmentVolume {
  readonly name: string;
  readonly configMap?: ObjectReference;
  readonly secret?: { readonly secretName?: string; readonly optional?: boolean };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: {
    readonly sources?: readonly { readonly configMap?: ObjectReference; readonly secret?: ObjectReference }[];
  };
}

/** What of a Pod the environment is made from; a `V1Pod` is one. */
export interface EnvironmentPod {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly containers: readonly EnvironmentContainer[];
    readonly initContainers?: readonly EnvironmentContainer[];
    readonly imagePullSecrets?: readonly { readonly name?: string }[];
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly enableServiceLinks?: boolean;
    readonly volumes?: readonly EnvironmentVolume[];
  };
}

/** What the node knows of itself and of the pod's place on it, for the fields that no manifest holds. */
export interface NodeFacts {
  /** `spec.nodeName`, where the Pod does not say it. */
  readonly nodeName?: string;
  /** `status.hostIP`: the first; `status.hostIPs`: all. */
  readonly hostIPs?: readonly string[];
  /** `status.podIP`: the first; `status.podIPs`: all. */
  readonly podIPs?: readonly string[];
  /** Quantities by resource: what a limit that is not set stands for. */
  readonly allocatable?: Readonly<Record<string, string>>;
}
