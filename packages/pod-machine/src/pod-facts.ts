import type { Container } from "./container-graph.ts";
import type { ContainerInput } from "./container-transition.ts";
import { containerTransition } from "./container-transition.ts";
import type { PodFacts, PodState, Termination } from "./pod-graph.ts";
import { after } from "./time.ts";

/** What becomes of each container by the input that `inputOf` gives for it; the same object where none moved. */
export function withContainers(
  facts: PodFacts,
  inputOf: (container: Container) => ContainerInput | undefined,
): PodFacts {
  const containers = facts.containers.map((container) => {
    const input = inputOf(container);
    return input === undefined ? container : containerTransition(container, input);
  });
  const moved = containers.some((container, index) => container !== facts.containers[index]);
  return moved ? { ...facts, containers } : facts;
}

/** `state` with other facts; the same object where they are the same. */
export function withFacts<S extends PodState>(state: S, facts: PodFacts): S {
  return facts === state.facts ? state : { ...state, facts };
}

/** An end that begins `at` and leaves the containers so many seconds; 30 where nobody said. */
export function terminationAt(
  at: Date,
  seconds: number | undefined,
  why: Pick<Termination, "cause" | "reason" | "message" | "disruption">,
): Termination {
  const gracePeriodSeconds = Math.max(0, seconds === undefined || Number.isNaN(seconds) ? 30 : seconds);
  return { ...why, gracePeriodSeconds, until: after(at, gracePeriodSeconds * 1000), at };
}

/** The containers' order to stop because of the pod's end. */
export function stopOrder({ gracePeriodSeconds, until }: Termination, at: Date): ContainerInput {
  return { type: "stop", cause: "stop", gracePeriodSeconds, until, at };
}
