import type { Container } from "./container-graph.ts";
import { isIn } from "./container-moves.ts";
import { mayRestart } from "./restart-policy.ts";

/** Whether nothing of a container runs or ever will, unless it is begun again. */
export function isStopped(container: Container): boolean {
  return isIn(container, "Terminated", "Abandoned");
}

/** Whether a container has ever run. */
export function hasRun(container: Container): boolean {
  return container.exits > 0 || "containerID" in container.state;
}

/** Whether the pod's own work has begun, which is when initialisation is over for good. */
export function isInitialized(containers: readonly Container[]): boolean {
  return containers.some((container) => container.kind === "regular" && hasRun(container));
}

/**
 * Which containers are to begin now, for the first time or again. Init containers come one after the other, each
 * only when those before it are done (`init`) or started (`sidecar`); the regular ones together when all of these
 * are. Whether one that ended may run again is its restart policy's affair.
 */
export function planStarts(
  restartPolicy: string | undefined,
  containers: readonly Container[],
): ReadonlySet<string> {
  const starts = new Set<string>();
  let open = true;
  for (const container of containers) {
    if (isIn(container, "Waiting") ? open : endedAndMayRestart(restartPolicy, container))
      starts.add(container.name);
    if (container.kind !== "regular") open &&= letsOthersBegin(container);
  }
  return starts;
}

/**
 * Which containers are to stop now: first all but the sidecars together, then the sidecars one by one, the last
 * one first. What does not run yet stops at once.
 */
export function planStops(containers: readonly Container[]): ReadonlySet<string> {
  const live = containers.filter((container) => !isStopped(container));
  const first = live.filter(({ kind }) => kind !== "sidecar");
  const next = first.length > 0 ? first : live.slice(-1);
  const notYet = live.filter((container) => !isIn(container, "Running", "Terminating", "Killing"));
  return new Set([...next, ...notYet].map(({ name }) => name));
}

/** How a pod stands whose containers may still run. */
export type Verdict = "going on" | "succeeded" | "failed";

/** Whether the pod is done: all regular containers ended for good, or an init container did without success. */
export function verdictOf(restartPolicy: string | undefined, containers: readonly Container[]): Verdict {
  const endedForGood = (container: Container): boolean =>
    isIn(container, "Terminated") && !mayRestart(restartPolicy, container);
  const initFailed = containers.some(
    (container) => container.kind === "init" && endedForGood(container) && !hasSucceeded(container),
  );
  if (initFailed) return "failed";
  const regular = containers.filter(({ kind }) => kind === "regular");
  if (!regular.every(endedForGood)) return "going on";
  return regular.every(hasSucceeded) ? "succeeded" : "failed";
}

/** Whether a container ended with 0. */
export function hasSucceeded(container: Container): boolean {
  return isIn(container, "Terminated") && container.state.exit.exitCode === 0;
}

function endedAndMayRestart(restartPolicy: string | undefined, container: Container): boolean {
  return isIn(container, "Terminated") && mayRestart(restartPolicy, container);
}

function letsOthersBegin(container: Container): boolean {
  if (container.kind === "init") return hasSucceeded(container);
  return isIn(container, "Running") && container.state.started;
}
