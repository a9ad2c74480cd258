import { ignored, ignoredLoudly, refused, refusedUnless, supported } from "@krustlet/manifest";
import type { FieldTable } from "@krustlet/manifest";

import { SETTINGS } from "./settings.ts";

const noCgroups = ignored("guests are no processes: no control group holds them");
const noProcesses = ignored("guests are no processes");
const noTables = ignored("no rule of the kernel's packet filter is needed to reach a guest");
const noProfiling = ignored("there is no such handler");
const byChange = ignored("changes are told at once; nothing is looked at from time to time");
const noRuntime = ignored("the runtimes are part of this process");
const openFiles = ignored("set by who starts the process, such as the systemd unit");
const noNuma = "guests share threads; none has CPUs or memory of its own";

/** What becomes of the fields of a KubeletConfiguration that are no settings. */
const OTHER_FIELDS: FieldTable = {
  apiVersion: supported,
  kind: supported,
  "authentication.anonymous.enabled": refused("the API of a node is not open to everybody; leave it false"),
  "authorization.mode": refusedUnless(
    ["Webhook"],
    "the API server says who may do what; only Webhook can be",
  ),
  cgroupDriver: noCgroups,
  cgroupRoot: noCgroups,
  cgroupsPerQOS: noCgroups,
  clusterDNS: ignoredLoudly("names are resolved as the host resolves them"),
  clusterDomain: ignored("names are resolved as the host resolves them"),
  configMapAndSecretChangeDetectionStrategy: ignored("what pods name is always watched"),
  containerLogMaxWorkers: ignored("each log is rotated as it is written"),
  containerLogMonitorInterval: ignored("each log is rotated as it is written"),
  containerRuntimeEndpoint: noRuntime,
  contentType: ignored("the API server is spoken to in JSON"),
  cpuCFSQuota: ignored("CPU limits are always kept, by the runtime itself"),
  cpuCFSQuotaPeriod: ignored("CPU limits are kept by the runtime itself"),
  cpuManagerPolicy: refusedUnless(["none"], noNuma),
  cpuManagerPolicyOptions: refused(noNuma),
  cpuManagerReconcilePeriod: ignored(noNuma),
  enableContentionProfiling: noProfiling,
  enableControllerAttachDetach: ignored("there are no volumes to attach yet"),
  enableDebugFlagsHandler: noProfiling,
  enableDebuggingHandlers: ignored(
    "what the API of the node offers does not depend on it; RBAC says who may use it",
  ),
  enableProfilingHandler: noProfiling,
  enableSystemLogHandler: ignored("there is no such handler"),
  enableSystemLogQuery: refused("logs of the machine are not served"),
  enforceNodeAllocatable: ignored("admission keeps pods within what is allocatable; no control group does"),
  failCgroupV1: noCgroups,
  failSwapOn: ignored("swap is no obstacle: it is told in the Node's status"),
  featureGates: ignored("these gates are of Kubernetes' own kubelet"),
  fileCheckFrequency: byChange,
  hairpinMode: noTables,
  httpCheckFrequency: ignored("there are no static pods of a URL"),
  imagePullCredentialsVerificationPolicy: ignored(
    "who may use an image that is here is checked for each pod, whatever pulled it",
  ),
  imageServiceEndpoint: noRuntime,
  iptablesDropBit: noTables,
  iptablesMasqueradeBit: noTables,
  kernelMemcgNotification: noCgroups,
  kubeReservedCgroup: refused("guests are no processes: no control group can be kept from them"),
  kubeletCgroups: noCgroups,
  localStorageCapacityIsolation: ignored("sizes of emptyDirs are always watched"),
  "logging.flushFrequency": ignored("lines are written at once"),
  "logging.options": ignored("lines are written at once"),
  "logging.vmodule": ignored("one level holds for all"),
  makeIPTablesUtilChains: noTables,
  maxOpenFiles: openFiles,
  maxParallelImagePulls: ignored("pulls run side by side"),
  memoryManagerPolicy: refusedUnless(["None"], noNuma),
  memoryReservationPolicy: noCgroups,
  memorySwap: noCgroups,
  memoryThrottlingFactor: noCgroups,
  nodeStatusMaxImages: refusedUnless([50], "fifty images are told at most"),
  oomScoreAdj: openFiles,
  podCIDR: ignored("addresses of pods are those of pod-addresses"),
  podLogsDir: refused("logs are kept in <root>/logs/pods"),
  podPidsLimit: noProcesses,
  preloadedImagesVerificationAllowlist: ignored("there are no preloaded images"),
  protectKernelDefaults: ignored("nothing depends on tunables of the kernel"),
  qosReserved: refused("not implemented"),
  readOnlyPort: refusedUnless([0], "the API of a node is not open to everybody"),
  registryBurst: ignored("pulls are not limited by their number; equal ones share one transfer"),
  registryPullQPS: ignored("pulls are not limited by their number; equal ones share one transfer"),
  reservedMemory: refused(noNuma),
  reservedSystemCPUs: refused(`${noNuma}; use systemReserved`),
  resolvConf: ignored("names are resolved as the host resolves them"),
  runOnce: refused("krustlet run runs pods and ends"),
  runtimeRequestTimeout: noRuntime,
  seccompDefault: ignored("a guest makes no system calls"),
  serializeImagePulls: ignored("pulls run side by side"),
  showHiddenMetricsForVersion: ignored("no metric is hidden"),
  singleProcessOOMKill: noProcesses,
  staticPodURL: refused("static pods come from a directory; use staticPodPath"),
  staticPodURLHeader: refused("static pods come from a directory; use staticPodPath"),
  streamingConnectionIdleTimeout: ignored("there is no exec, attach or port-forward yet"),
  syncFrequency: byChange,
  systemCgroups: noCgroups,
  systemReservedCgroup: refused("guests are no processes: no control group can be kept from them"),
  tlsCipherSuites: refused("Node's own choice of cipher suites is used"),
  tlsCurvePreferences: refused("Node's own choice of curves is used"),
  tlsMinVersion: refusedUnless(["VersionTLS12"], "TLS 1.2 and 1.3 are spoken"),
  topologyManagerPolicy: refusedUnless(["none"], noNuma),
  topologyManagerPolicyOptions: refused(noNuma),
  topologyManagerScope: ignored(noNuma),
  tracing: refused("traces are not exported"),
  "userNamespaces.idsPerPod": noProcesses,
  volumePluginDir: ignored("there are no FlexVolumes"),
  volumeStatsAggPeriod: ignored("volumes are measured as they are asked for"),
};

/** Every field of a KubeletConfiguration: a setting, left unread because nothing is missed, or refused. */
export const KUBELET_FIELDS: FieldTable = {
  ...OTHER_FIELDS,
  ...Object.fromEntries(
    Object.values(SETTINGS).flatMap(({ field }: { readonly field?: string }) =>
      field === undefined ? [] : [[field, supported] as const],
    ),
  ),
};
