import type { PodStatus, TerminatedStatus } from "@krustlet/pod-machine";

/**
 * The exit code of a pod that has ended: a single container's own; of several, 0 when the pod has succeeded, else
 * that of the container that failed first. Undefined where nothing of it ever ran; what the
 * user stopped before it had begun has no exit code either.
 */
export function exitCodeOf(status: PodStatus, stopped: boolean): number | undefined {
  const statuses = [...(status.initContainerStatuses ?? []), ...status.containerStatuses];
  const ended = statuses
    .flatMap(({ state, lastState }) => state.terminated ?? lastState.terminated ?? [])
    .filter((each) => !(stopped && neverRan(each)));
  const [only] = ended;
  if (statuses.length === 1 && only !== undefined) return only.exitCode;
  if (status.phase === "Succeeded") return 0;
  const failed = ended
    .filter(({ exitCode }) => exitCode !== 0)
    .toSorted((a, b) => (a.finishedAt?.getTime() ?? 0) - (b.finishedAt?.getTime() ?? 0));
  if (failed[0] !== undefined) return failed[0].exitCode;
  return ended.length > 0 ? 0 : undefined;
}

/** A container that was ended before it had begun is told as one that is lost, 137. */
function neverRan({ reason, startedAt }: TerminatedStatus): boolean {
  return reason === "ContainerStatusUnknown" && startedAt === undefined;
}
