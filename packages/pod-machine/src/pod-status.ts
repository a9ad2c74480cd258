/** A pod's phase. `Succeeded` and `Failed` are final. */
export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/** How sure a pod is of its resources: first to last in line when the node runs short. */
export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

/**
 * The whole status that a kubelet writes for a pod; it can be given to any client as a `V1PodStatus`.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus
 */
export interface PodStatus {
  readonly phase: PodPhase;
  readonly reason?: string;
  readonly message?: string;
  readonly startTime: Date;
  readonly observedGeneration?: number;
  readonly qosClass: QosClass;
  readonly hostIP?: string;
  readonly hostIPs?: { ip: string }[];
  readonly podIP?: string;
  readonly podIPs?: { ip: string }[];
  /** The kubelet's own conditions, and behind them those of others, unchanged. */
  readonly conditions: PodCondition[];
  /** In the order of the spec. */
  readonly initContainerStatuses?: ContainerStatus[];
  /** In the order of the names. */
  readonly containerStatuses: ContainerStatus[];
  /** In the order of the spec. */
  readonly ephemeralContainerStatuses?: ContainerStatus[];
  /** The pod's own, where it has some. */
  readonly allocatedResources?: Record<string, string>;
  readonly resources?: ResourcesStatus;
}

/** Requests and limits that are in force. */
export interface ResourcesStatus {
  readonly requests?: Record<string, string>;
  readonly limits?: Record<string, string>;
}

/** How a volume is mounted. */
export interface VolumeMountStatus {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  /** Of what is read-only: whether all beneath it is. */
  readonly recursiveReadOnly?: string;
}

/** One condition of a pod. */
export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: Date;
  readonly observedGeneration?: number;
}

/** One container's part of the status. */
export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  /** Empty until the image was there. */
  readonly imageID: string;
  /** `<runtime>://<id>` of the current run, or of the last. */
  readonly containerID?: string;
  readonly restartCount: number;
  readonly started: boolean;
  readonly ready: boolean;
  readonly state: ContainerStateStatus;
  readonly lastState: ContainerStateStatus;
  /** The requests that were granted. */
  readonly allocatedResources?: Record<string, string>;
  readonly resources?: ResourcesStatus;
  readonly volumeMounts?: VolumeMountStatus[];
}

/** Exactly one of the three, or none for a `lastState` that never was. */
export interface ContainerStateStatus {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: Date };
  readonly terminated?: TerminatedStatus;
}

/** How a run of a container ended. */
export interface TerminatedStatus {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  readonly containerID?: string;
}
