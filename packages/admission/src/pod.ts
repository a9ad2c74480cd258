/** Amounts by resource, as texts such as `500m`. */
export type ResourceAmounts = Readonly<Record<string, string>>;

interface Resources {
  readonly requests?: ResourceAmounts;
  readonly limits?: ResourceAmounts;
}

interface AppArmorProfile {
  readonly type: string;
  readonly localhostProfile?: string;
}

/** What of a container admission reads; a `V1Container` is one. */
export interface AdmissionContainer {
  readonly name: string;
  readonly resources?: Resources;
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly { readonly action: string }[];
  readonly ports?: readonly HostPort[];
  readonly securityContext?: { readonly appArmorProfile?: AppArmorProfile };
}

/** What of a container's port admission reads. */
export interface HostPort {
  readonly hostIP?: string;
  readonly hostPort?: number;
  readonly protocol?: string;
}

/** One line of a node selector. */
export interface SelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** One of several ways in which a node may match. */
export interface SelectorTerm {
  readonly matchExpressions?: readonly SelectorRequirement[];
  readonly matchFields?: readonly SelectorRequirement[];
}

/** A `V1Toleration`. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** What of a Pod admission reads; a `V1Pod` is one. */
export interface AdmissionPod {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: unknown;
  };
  readonly spec?: {
    readonly containers: readonly AdmissionContainer[];
    readonly initContainers?: readonly AdmissionContainer[];
    readonly resources?: Resources;
    readonly overhead?: ResourceAmounts;
    readonly nodeName?: string;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms: readonly SelectorTerm[];
        };
      };
    };
    readonly tolerations?: readonly Toleration[];
    readonly priority?: number;
    readonly os?: { readonly name: string };
    readonly hostNetwork?: boolean;
    readonly hostIPC?: boolean;
    readonly hostUsers?: boolean;
    readonly runtimeClassName?: string;
    readonly securityContext?: {
      readonly appArmorProfile?: AppArmorProfile;
      readonly supplementalGroupsPolicy?: string;
      readonly sysctls?: readonly { readonly name: string }[];
    };
  };
  readonly status?: { readonly phase?: string; readonly qosClass?: string };
}

/** A `V1Taint`. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** What of a Node admission reads; a `V1Node` is one. */
export interface AdmissionNode {
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly taints?: readonly Taint[] };
  readonly status?: {
    readonly allocatable?: ResourceAmounts;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly declaredFeatures?: readonly string[];
    readonly features?: { readonly supplementalGroupsPolicy?: boolean };
  };
}

/** Why a pod is not taken: `status.reason`, and what follows `Pod was rejected: ` in `status.message`. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
  /** For a critical pod: the pods that are to end first, and then it is taken. Absent: it is refused for good. */
  readonly preempts?: readonly AdmissionPod[];
}
