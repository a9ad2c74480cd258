import type { SchemaTypes } from "./types.ts";

/** The specs of what makes Pods from a template. */
export const WORKLOADS_TYPES: SchemaTypes = {
  CronJobSpec: {
    concurrencyPolicy: "string",
    failedJobsHistoryLimit: "int32",
    jobTemplate: "JobTemplateSpec!",
    schedule: "string!",
    startingDeadlineSeconds: "int64",
    successfulJobsHistoryLimit: "int32",
    suspend: "boolean",
    timeZone: "string",
  },
  DaemonSetSpec: {
    minReadySeconds: "int32",
    revisionHistoryLimit: "int32",
    selector: "LabelSelector!",
    template: "PodTemplateSpec!",
    updateStrategy: "DaemonSetUpdateStrategy",
  },
  DaemonSetUpdateStrategy: {
    rollingUpdate: "RollingUpdateDaemonSet",
    type: "string",
  },
  DeploymentSpec: {
    minReadySeconds: "int32",
    paused: "boolean",
    progressDeadlineSeconds: "int32",
    replicas: "int32",
    revisionHistoryLimit: "int32",
    selector: "LabelSelector!",
    strategy: "DeploymentStrategy",
    template: "PodTemplateSpec!",
  },
  DeploymentStrategy: {
    rollingUpdate: "RollingUpdateDeployment",
    type: "string",
  },
  JobSpec: {
    activeDeadlineSeconds: "int64",
    backoffLimit: "int32",
    backoffLimitPerIndex: "int32",
    completionMode: "string",
    completions: "int32",
    managedBy: "string",
    manualSelector: "boolean",
    maxFailedIndexes: "int32",
    parallelism: "int32",
    podFailurePolicy: "PodFailurePolicy",
    podReplacementPolicy: "string",
    selector: "LabelSelector",
    successPolicy: "SuccessPolicy",
    suspend: "boolean",
    template: "PodTemplateSpec!",
    ttlSecondsAfterFinished: "int32",
  },
  JobTemplateSpec: {
    metadata: "ObjectMeta",
    spec: "JobSpec",
  },
  PodFailurePolicy: {
    rules: "PodFailurePolicyRule[]!",
  },
  PodFailurePolicyOnExitCodesRequirement: {
    containerName: "string",
    operator: "string!",
    values: "int32[]!",
  },
  PodFailurePolicyOnPodConditionsPattern: {
    status: "any",
    type: "string!",
  },
  PodFailurePolicyRule: {
    action: "string!",
    onExitCodes: "PodFailurePolicyOnExitCodesRequirement",
    onPodConditions: "PodFailurePolicyOnPodConditionsPattern[]",
  },
  PodTemplateSpec: {
    metadata: "ObjectMeta",
    spec: "PodSpec",
  },
  ReplicaSetSpec: {
    minReadySeconds: "int32",
    replicas: "int32",
    selector: "LabelSelector!",
    template: "PodTemplateSpec",
  },
  ReplicationControllerSpec: {
    minReadySeconds: "int32",
    replicas: "int32",
    selector: "string{}",
    template: "PodTemplateSpec",
  },
  RollingUpdateDaemonSet: {
    maxSurge: "intOrString",
    maxUnavailable: "intOrString",
  },
  RollingUpdateDeployment: {
    maxSurge: "intOrString",
    maxUnavailable: "intOrString",
  },
  RollingUpdateStatefulSetStrategy: {
    maxUnavailable: "intOrString",
    partition: "int32",
  },
  StatefulSetOrdinals: {
    start: "int32",
  },
  StatefulSetPersistentVolumeClaimRetentionPolicy: {
    whenDeleted: "string",
    whenScaled: "string",
  },
  StatefulSetSpec: {
    minReadySeconds: "int32",
    ordinals: "StatefulSetOrdinals",
    persistentVolumeClaimRetentionPolicy: "StatefulSetPersistentVolumeClaimRetentionPolicy",
    podManagementPolicy: "string",
    replicas: "int32",
    revisionHistoryLimit: "int32",
    selector: "LabelSelector!",
    serviceName: "string",
    template: "PodTemplateSpec!",
    updateStrategy: "StatefulSetUpdateStrategy",
    volumeClaimTemplates: "PersistentVolumeClaim[]",
  },
  StatefulSetUpdateStrategy: {
    rollingUpdate: "RollingUpdateStatefulSetStrategy",
    type: "string",
  },
  SuccessPolicy: {
    rules: "SuccessPolicyRule[]!",
  },
  SuccessPolicyRule: {
    succeededCount: "int32",
    succeededIndexes: "string",
  },
};
