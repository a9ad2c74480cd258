import type { Container } from "./container-graph.ts";
import { hasRun, hasSucceeded } from "./plan-containers.ts";
import type { PodOutcome, PodStateOf, Termination } from "./pod-graph.ts";
import type { PodPhase } from "./pod-status.ts";

type Ended = PodStateOf<"Unmounting" | "Finished" | "Gone">;
type Living = PodStateOf<"Registered" | "Mounting" | "Running" | "Terminating">;

/**
 * The phase of a pod in `state`. A final one is held back until no container runs any more, and a pod that was
 * Running is never Pending again.
 */
export function phaseOf(state: Ended | Living): PodPhase {
  if ("outcome" in state) return state.outcome.phase;
  const { phase, containers } = state.facts;
  return phase === "Running" || hasBegun(containers) ? "Running" : "Pending";
}

/** How a pod ends whose containers have all stopped. */
export function outcomeOf(termination: Termination, containers: readonly Container[]): PodOutcome {
  const { cause, reason, message, disruption } = termination;
  const forced = cause === "deadline" || cause === "evicted";
  const done = containers.every((container) => container.kind === "sidecar" || hasSucceeded(container));
  return { phase: done && !forced ? "Succeeded" : "Failed", reason, message, disruption };
}

/** As the kubelet has it, a container that never ran keeps the whole pod Pending. */
function hasBegun(containers: readonly Container[]): boolean {
  const regular = containers.filter(({ kind }) => kind === "regular");
  return regular.length > 0 && regular.every(hasRun);
}
