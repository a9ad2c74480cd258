import type { V1Pod } from "@kubernetes/client-node";

/** What an observer saw of one pod. Times are in milliseconds of `performance.now()`. */
export interface PodRecord {
  /** Before it was posted. */
  readonly posted: number;
  running?: number;
  deleted?: number;
  /** How often its node wrote its status, until it was seen Running and in all. */
  writesToRunning: number;
  writes: number;
  /** The last state that was seen. */
  last?: V1Pod;
}

/** Notes a change of a pod. A status counts as its node's writing unless it came with the scheduler's binding. */
export function note(record: PodRecord, type: string, pod: V1Pod, at: number): void {
  const { last } = record;
  record.last = pod;
  if (type === "DELETED") {
    record.deleted = at;
    return;
  }
  const bound = pod.spec?.nodeName !== undefined && last?.spec?.nodeName !== undefined;
  if (bound && JSON.stringify(pod.status) !== JSON.stringify(last.status)) {
    record.writes += 1;
    if (record.running === undefined) record.writesToRunning += 1;
  }
  if (pod.status?.phase === "Running" && record.running === undefined) record.running = at;
}
