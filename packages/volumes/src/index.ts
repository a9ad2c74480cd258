/**
 * Kubernetes volumes on a node's disk, in the kubelet's layout, one plugin for each kind.
 *
 * @example
 * ```ts
 * import { createVolumeMounter } from "@krustlet/volumes";
 * import { mkdtemp } from "node:fs/promises";
 *
 * const mounter = createVolumeMounter({
 *   rootDirectory: await mkdtemp("/tmp/volumes-"),
 *   objects: {
 *     configMap: async () => ({ data: { greeting: "hello" } }),
 *     secret: async () => undefined,
 *     persistentVolumeClaim: async () => undefined,
 *   },
 * });
 * await using volumes = await mounter.mount({
 *   metadata: { name: "web", namespace: "default", uid: "1" },
 *   spec: {
 *     volumes: [{ name: "config", configMap: { name: "web" } }],
 *     containers: [{ name: "main", volumeMounts: [{ name: "config", mountPath: "/etc/web" }] }],
 *   },
 * });
 * await volumes.mountsOf("main", {}); // [{ source: "/tmp/volumes-…/pods/1/…", target: "/etc/web", … readOnly: true }]
 * ```
 *
 * @packageDocumentation
 */
export { createVolumeMounter } from "./create-volume-mounter.ts";
export type { VolumeMounterInit } from "./create-volume-mounter.ts";
export { planMounts } from "./plan-mounts.ts";
export type { PlannedMount } from "./plan-mounts.ts";
export { ownPod } from "./own-pod.ts";
export { listLeftPodVolumes, removeAbandonedPods, removePodVolumes } from "./remove-abandoned-pods.ts";
export type { AbandonedPods, LeftoverPods } from "./remove-abandoned-pods.ts";
export { VOLUME_KINDS } from "./plugin-of.ts";
export { writePayload } from "./write-payload.ts";
export { payloadOf } from "./payload.ts";
export type { Payload, PayloadFile } from "./payload.ts";
