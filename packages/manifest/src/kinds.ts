/** Kinds of workloads, with the group and version they are served in. */
const WORKLOAD_KINDS: Readonly<Record<string, string>> = {
  Job: "batch/v1",
  CronJob: "batch/v1",
  Deployment: "apps/v1",
  ReplicaSet: "apps/v1",
  StatefulSet: "apps/v1",
  DaemonSet: "apps/v1",
  ReplicationController: "v1",
};

/** Kinds that Krustlet reads, with the group and version they are served in. */
export const KNOWN_KINDS: Readonly<Record<string, string>> = {
  Pod: "v1",
  ConfigMap: "v1",
  Secret: "v1",
  PersistentVolumeClaim: "v1",
  ...WORKLOAD_KINDS,
};

/** Kinds that a manifest may hold beside, and that mean nothing without a cluster. */
const IGNORED_KINDS: Readonly<Record<string, readonly string[]>> = {
  "": [
    "Endpoints",
    "LimitRange",
    "Namespace",
    "PersistentVolume",
    "PodTemplate",
    "ResourceQuota",
    "Service",
    "ServiceAccount",
  ],
  "admissionregistration.k8s.io": ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
  "apiextensions.k8s.io": ["CustomResourceDefinition"],
  autoscaling: ["HorizontalPodAutoscaler"],
  "discovery.k8s.io": ["EndpointSlice"],
  "networking.k8s.io": ["Ingress", "IngressClass", "NetworkPolicy"],
  "node.k8s.io": ["RuntimeClass"],
  policy: ["PodDisruptionBudget"],
  "rbac.authorization.k8s.io": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
  "scheduling.k8s.io": ["PriorityClass"],
  "storage.k8s.io": ["CSIDriver", "StorageClass", "VolumeSnapshotClass"],
};

/** Whether a kind is one of Kubernetes' own that means nothing without a cluster. */
export function isIgnoredKind(apiVersion: string, kind: string): boolean {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return Object.hasOwn(IGNORED_KINDS, group) && (IGNORED_KINDS[group]?.includes(kind) ?? false);
}

/** Every kind that is known by name. */
export function allKinds(): readonly string[] {
  return [...Object.keys(KNOWN_KINDS), "List", "PodList", ...Object.values(IGNORED_KINDS).flat()];
}
