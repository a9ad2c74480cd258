/**
 * The pod loop: from sources of pods to running containers to status, over parts that are injected.
 *
 * @example
 * ```ts
 * import { argsOf } from "@krustlet/kubelet";
 *
 * const image = { reference: "registry.example/tools/grep:v1", config: {} };
 * argsOf({ args: ["-r", "$(PATTERN)"] }, image, { PATTERN: "needle" }); // ["grep", "-r", "needle"]
 * ```
 *
 * @packageDocumentation
 */
export { apiPods } from "./api-pods.ts";
export type { ObjectChange } from "./api-pods.ts";
export { checkpointDirectory } from "./checkpoint-directory.ts";
export type { CheckpointStore } from "./checkpoint-directory.ts";
export { argsOf, buildContainerPlan, moduleNameOf, podKeyOf } from "./container-plan.ts";
export type { ContainerDevices, DevicePort } from "./container-devices.ts";
export type { ContainerPlanInit } from "./container-plan.ts";
export { openCriLog } from "./cri-log-writer.ts";
export type { CriLogInit, CriLogWriter } from "./cri-log-writer.ts";
export type {
  ContainerOutput,
  KubeletInit,
  LeftVolumes,
  PodChange,
  PodFailure,
  SourceChange,
} from "./kubelet-init.ts";
export type { Eviction } from "./evict-pod.ts";
export { eventOfFailure } from "./event-of-failure.ts";
export type { NodeFacts } from "@krustlet/environment";
export type { DirectoryChanges } from "./directory-changes.ts";
export { manifestDirectory } from "./manifest-directory.ts";
export type { ManifestDirectoryInit } from "./manifest-directory.ts";
export { removeLogsOf } from "./left-pods.ts";
export { loopbackPodAddresses } from "./pod-address.ts";
export type { PodAddresses, PodAddressLease } from "./pod-address.ts";
export type { ContainerLogFile, PodContainerUsage, PodViews } from "./pod-views.ts";
export type { PodTransition } from "./run-pod.ts";
export type { MirrorPorts } from "./mirror-keeper.ts";
export { planShutdown, shutdownPeriodsOf } from "./plan-shutdown.ts";
export type { ShutdownGroup, ShutdownPeriod } from "./plan-shutdown.ts";
export { staticPods } from "./static-pods.ts";
export type { StaticPodsInit } from "./static-pods.ts";
export { startKubelet } from "./start-kubelet.ts";
export type { Kubelet } from "./start-kubelet.ts";
