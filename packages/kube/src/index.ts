/**
 * The Kubernetes API server as a node uses it: calls with time limits, watches that lose nothing, pod status.
 *
 * @example
 * ```ts
 * import { openKube, watchPods } from "@krustlet/kube";
 *
 * await using kube = await openKube({ kubeconfig: `${process.env["HOME"]}/.kube/config` });
 * watchPods(kube, "edge-1").subscribe((change) => console.log(change.type));
 * ```
 *
 * @packageDocumentation
 */
export { ApiError, isApiError } from "./api-error.ts";
export type { ApiErrorInit } from "./api-error.ts";
export type { CallPriority } from "./create-call-lanes.ts";
export { createEventRecorder } from "./create-event-recorder.ts";
export type { EventRecorder, EventRecorderOptions } from "./create-event-recorder.ts";
export { createObjectCache } from "./create-object-cache.ts";
export type { ObjectCache, ObjectCacheOptions } from "./create-object-cache.ts";
export { csiClient } from "./csi-client.ts";
export type { CsiClient } from "./csi-client.ts";
export { jsonOf } from "./json-of.ts";
export { keyOf } from "./known-objects.ts";
export type { ObjectChange } from "./known-objects.ts";
export { pathOf } from "./kube.ts";
export type { CallOptions, ClientCertificate, Kube, KubeCall, StreamOptions } from "./kube.ts";
export { listObjects } from "./list-objects.ts";
export type { ObjectList, ObjectTarget } from "./list-objects.ts";
export { nodeClient } from "./node-client.ts";
export type { KubeNodeClient } from "./node-client.ts";
export { nodeFromJson, objectFromJson, podFromJson } from "./object-dates.ts";
export { kubeLater } from "./kube-later.ts";
export { openKube } from "./open-kube.ts";
export type { OpenKubeOptions } from "./open-kube.ts";
export type { WatchedObject } from "./parse-watch-event.ts";
export { eventKeysOf, planEvent } from "./plan-event.ts";
export type { EventInit, EventMemory, EventObject, EventPlan, EventSource } from "./plan-event.ts";
export type { StatusOf } from "./plan-status-patch.ts";
export { podClient } from "./pod-client.ts";
export type { DeletePodOptions, PodClient } from "./pod-client.ts";
export { referencedObjectsOf } from "./referenced-objects.ts";
export { requestToken } from "./request-token.ts";
export { reviewAccess, reviewToken } from "./review.ts";
export type { AccessAttributes, ReviewedUser } from "./review.ts";
export type { RateLimit } from "./token-bucket.ts";
export { watchNode, watchPods, watchRuntimeClasses, watchServices } from "./watch-kinds.ts";
export type { KindWatchOptions } from "./watch-kinds.ts";
export { watchObjects } from "./watch-objects.ts";
export type { WatchOptions } from "./watch-objects.ts";
