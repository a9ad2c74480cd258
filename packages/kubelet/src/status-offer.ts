import { hash } from "node:crypto";

import { statusOf } from "@krustlet/pod-machine";
import type { ContainerStateStatus, PodState, PodStatus } from "@krustlet/pod-machine";
import type { V1ContainerState, V1ContainerStatus, V1Pod, V1PodStatus } from "@kubernetes/client-node";

import { writtenStatusOf } from "./normalize-status.ts";
import type { StatusOffer, WrittenStatus } from "./status-writer.ts";

/** What the status that a pod's object has stands for, before anything was written. */
export function writtenOfObject(
  status: V1PodStatus | undefined,
  first: StatusOffer<PodStatus>,
): WrittenStatus {
  const covered = status !== undefined && covers(status, first.status());
  return { text: covered ? first.text() : "", pressing: pressingOf(status ?? {}) };
}

/**
 * A state's status that is to be written, and what of it counts: all that is the kubelet's own. Most states are gone before
 * anybody asks, so that it is made when it is asked for.
 */
export function offerOf(state: PodState): StatusOffer<PodStatus> {
  let known: PodStatus | undefined;
  const status = (): PodStatus => (known ??= statusOf(state));
  return {
    status: () => writtenStatusOf(status()),
    text: () => textOf(status()),
    pressing: () => pressingOf(status()),
  };
}

/** What tells one status from another, and is short: there are thousands of pods. */
function textOf(status: PodStatus): string {
  // The conditions of others are others' to write.
  return hash("sha1", JSON.stringify({ ...status, conditions: status.conditions.filter(isOwn) }), "base64");
}

const OWN: ReadonlySet<string> = new Set([
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
  "DisruptionTarget",
]);

function isOwn({ type }: { readonly type: string }): boolean {
  return OWN.has(type);
}

/**
 * Pure: whether a newer version of a pod's object than the one that our last write made, or found, lacks something of
 * what was written.
 */
export function isOverwritten(pod: V1Pod, lastVersion: string | undefined, own: PodStatus): boolean {
  if (!isNewer(pod.metadata?.resourceVersion, lastVersion)) return false;
  // A pod that somebody has ended does not come back.
  if (isFinal(pod.status?.phase) && !isFinal(own.phase)) return false;
  const conditions = own.conditions.filter((each) => isOwn(each) && each.type !== "DisruptionTarget");
  return !covers(pod.status, { ...own, conditions });
}

function isFinal(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** Versions are numbers of any length; what is none is no later one. */
function isNewer(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined) return false;
  if (!/^\d+$/u.test(version) || !/^\d+$/u.test(than)) return false;
  return BigInt(version) > BigInt(than);
}

/** Phase, readiness, and whatever of a container differs from one that waits for its first start. */
function pressingOf(status: V1PodStatus | PodStatus): string {
  const { phase = "Pending", reason, message, conditions = [] } = status;
  const ready = conditions.some(({ type, status: is }) => type === "Ready" && is === "True");
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status;
  const containers = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].flatMap(
    (
      each: Pick<V1ContainerStatus, "name" | "restartCount" | "ready" | "started"> & {
        readonly state?: V1ContainerState | ContainerStateStatus;
      },
    ) => {
      const { name, restartCount, ready: is, started = false, state } = each;
      const does = doing(state);
      const isNew = does === "" && restartCount === 0 && !is && !started;
      return isNew ? [] : [[name, restartCount, is, started, does]];
    },
  );
  return JSON.stringify([phase, reason, message, ready, containers]);
}

function doing({ waiting, running, terminated }: V1ContainerState | ContainerStateStatus = {}): string {
  if (running !== undefined) return "runs";
  if (terminated !== undefined) return `ended ${terminated.exitCode} ${terminated.reason}`;
  const reason = waiting?.reason ?? "";
  return reason === "ContainerCreating" || reason === "PodInitializing" ? "" : reason;
}

/** Whether `has` says all that `wanted` says; times count in seconds, lists of conditions by type. */
function covers(has: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true;
  if (wanted instanceof Date) return secondsOf(has) === secondsOf(wanted);
  if (Array.isArray(wanted)) {
    if (!Array.isArray(has)) return wanted.length === 0;
    return wanted.length === has.length && wanted.every((each, index) => covers(has[index], each));
  }
  if (typeof wanted !== "object" || wanted === null) return has === wanted;
  const found: object = typeof has === "object" && has !== null ? has : {};
  return Object.entries(wanted).every(([name, value]) => {
    const own: unknown = Object.hasOwn(found, name) ? found[name as keyof typeof found] : undefined;
    return name === "conditions" ? coversConditions(own, value) : covers(own, value);
  });
}

function coversConditions(has: unknown, wanted: readonly { readonly type: string }[]): boolean {
  const found: readonly unknown[] = Array.isArray(has) ? has : [];
  const types = new Map(
    found.map((each) => [typeof each === "object" && each !== null && "type" in each ? each.type : "", each]),
  );
  return wanted.every((each) => covers(types.get(each.type), each));
}

function secondsOf(time: unknown): number | undefined {
  if (typeof time !== "string" && !(time instanceof Date)) return undefined;
  return Math.floor(new Date(time).getTime() / 1000);
}
