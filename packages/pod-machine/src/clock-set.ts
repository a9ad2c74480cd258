import type { Container } from "./container-graph.ts";
import type { PodState } from "./pod-graph.ts";
import { after } from "./time.ts";

/**
 * Pure: `state` after somebody has set the wall clock by `ms`: back-offs and grace periods end as late as they would
 * have. What has happened keeps its time, and a deadline is the wall clock's affair, as it is the kubelet's.
 */
export function withClockSet(state: PodState, ms: number): PodState {
  const containers = state.facts.containers.map((container) => withContainerClockSet(container, ms));
  const facts = { ...state.facts, containers };
  switch (state.name) {
    case "Mounting":
      return { ...state, facts, failure: withUntil(state.failure, ms) };
    case "Terminating":
      return { ...state, facts, termination: withUntil(state.termination, ms) };
    case "Unmounting":
    case "Finished":
      return { ...state, facts, failure: withUntil(state.failure, ms) };
    default:
      return { ...state, facts };
  }
}

function withContainerClockSet(container: Container, ms: number): Container {
  const { state } = container;
  switch (state.name) {
    case "CrashBackOff":
      // Its run is over: how long it took is known, by the clock that there was.
      return { ...container, state: withUntil(state, ms) };
    case "PullFailed":
      return {
        ...withCrash(container, ms),
        state: { ...withUntil(state, ms), retryAt: after(state.retryAt, ms) },
      };
    case "PullBackOff":
      return { ...withCrash(container, ms), state: withUntil(state, ms) };
    case "StartBackOff":
      return { ...withCrash(container, ms), state: withUntil(state, ms) };
    case "Killing":
      return { ...withCrash(container, ms), state: withUntil(state, ms) };
    case "Terminating":
      return { ...withCrash(container, ms), state: { ...state, killAt: after(state.killAt, ms) } };
    case "Pulling":
    case "Starting":
    case "Running":
      return withCrash(container, ms);
    case "Waiting":
    case "Terminated":
    case "Abandoned":
      return container;
  }
}

/** A run counts as long as it lasts. */
function withCrash(container: Container, ms: number): Container {
  const { crash } = container;
  return crash === undefined
    ? container
    : { ...container, crash: { ...crash, since: after(crash.since, ms) } };
}

function withUntil<T extends { readonly until: Date } | undefined>(waiting: T, ms: number): T {
  return waiting === undefined ? waiting : { ...waiting, until: after(waiting.until, ms) };
}
