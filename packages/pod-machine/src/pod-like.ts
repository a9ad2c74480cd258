/**
 * What the machine reads of a Pod: a structural part of Kubernetes' `Pod`, so that a `V1Pod` of any client is one,
 * and so is an object literal of somebody who has no Kubernetes at all.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
export interface PodLike {
  readonly metadata?: PodMetadataLike;
  readonly spec?: PodSpecLike;
  readonly status?: PodStatusLike;
}

/** What the machine reads of a Pod's metadata. */
export interface PodMetadataLike {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly deletionTimestamp?: Date;
  readonly deletionGracePeriodSeconds?: number;
}

/** What the machine reads of a Pod's spec. */
export interface PodSpecLike {
  readonly containers: readonly ContainerLike[];
  readonly initContainers?: readonly ContainerLike[];
  /** They are not run; the status says so. */
  readonly ephemeralContainers?: readonly ContainerLike[];
  /** `Always` (the default), `OnFailure` or `Never`. */
  readonly restartPolicy?: string;
  readonly activeDeadlineSeconds?: number;
  /** Default 30. */
  readonly terminationGracePeriodSeconds?: number;
  readonly resources?: ResourcesLike;
  readonly readinessGates?: readonly { readonly conditionType: string }[];
}

/** What the machine reads of a container's spec. */
export interface ContainerLike {
  readonly name: string;
  readonly image?: string;
  /** On an init container `Always` makes a sidecar of it; elsewhere it overrides the pod's policy. */
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly RestartRuleLike[];
  readonly resources?: ResourcesLike;
  readonly volumeMounts?: readonly VolumeMountLike[];
  readonly startupProbe?: ProbeLike;
  readonly readinessProbe?: ProbeLike;
  readonly livenessProbe?: ProbeLike;
}

/** One of a container's `restartPolicyRules`: the first rule that matches an exit decides. */
export interface RestartRuleLike {
  /** `Restart` is the one that is known here. */
  readonly action: string;
  readonly exitCodes?: { readonly operator: string; readonly values?: readonly number[] };
}

/** What the machine reads of a container's mount of a volume. */
export interface VolumeMountLike {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  /** `Enabled`, `IfPossible` or `Disabled`. */
  readonly recursiveReadOnly?: string;
}

/** Requests and limits as quantities in text. */
export interface ResourcesLike {
  readonly requests?: { readonly [resource: string]: string };
  readonly limits?: { readonly [resource: string]: string };
}

/** What the machine reads of a probe; running it is somebody else's work. */
export interface ProbeLike {
  readonly terminationGracePeriodSeconds?: number;
}

/** What the machine reads of a status that somebody wrote earlier: a `V1PodStatus` is one. */
export interface PodStatusLike {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly startTime?: Date;
  readonly hostIP?: string;
  readonly hostIPs?: readonly { readonly ip: string }[];
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly conditions?: readonly PodConditionLike[];
  readonly containerStatuses?: readonly ContainerStatusLike[];
  readonly initContainerStatuses?: readonly ContainerStatusLike[];
}

/** What the machine reads of a condition. */
export interface PodConditionLike {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: Date;
}

/** What the machine reads of an earlier container status, for example after the process was started anew. */
export interface ContainerStatusLike {
  readonly name: string;
  readonly restartCount: number;
  readonly imageID?: string;
  readonly containerID?: string;
  readonly state?: ContainerStateLike;
  readonly lastState?: ContainerStateLike;
}

/** What the machine reads of an earlier container state. */
export interface ContainerStateLike {
  readonly running?: { readonly startedAt?: Date };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason?: string;
    readonly message?: string;
    readonly startedAt?: Date;
    readonly finishedAt?: Date;
    readonly containerID?: string;
  };
}
