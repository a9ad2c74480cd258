import { mountDelayMs } from "./back-off.ts";
import type { Container } from "./container-graph.ts";
import { isIn } from "./container-moves.ts";
import { withSpec, specFor } from "./container-spec.ts";
import type { ContainerInput } from "./container-transition.ts";
import { endPod, requestedEndOf, stopped } from "./end-pod.ts";
import { terminationAt, withContainers, withFacts } from "./pod-facts.ts";
import { REJECTED } from "./words.ts";
import type { ContainerEvent, PodEvent } from "./pod-event.ts";
import type { PodFacts, PodState, PodStateName, PodStateOf, PodTarget } from "./pod-graph.ts";
import type { PodLike } from "./pod-like.ts";
import { settle } from "./settle.ts";
import { after } from "./time.ts";

/** One pure row of the table: what an event means in state `From`; a row can only go where an edge leads. */
export type PodRow<From extends PodStateName> = (
  state: PodStateOf<From>,
  event: PodEvent,
) => PodStateOf<From | PodTarget<From>>;

const ROWS: { readonly [From in PodStateName]: PodRow<From> } = {
  Registered: (state, event) => {
    const { facts } = state;
    if (event.type === "admitted") {
      const { hostIP, podIPs = facts.podIPs } = event;
      const hostIPs = event.hostIPs ?? (hostIP === undefined ? facts.hostIPs : [hostIP]);
      return { name: "Mounting", facts: { ...facts, hostIPs, podIPs }, attempt: 1 };
    }
    if (event.type !== "rejected") return state;
    const message = `${REJECTED}${event.message}`;
    return {
      name: "Unmounting",
      facts: stopped(facts, event.at),
      outcome: { phase: "Failed", rejected: true, reason: event.reason, message },
      attempt: 1,
    };
  },
  Mounting: (state, event) => {
    const { name, facts, attempt } = state;
    if (event.type === "mounted") return { name: "Running", facts };
    if (event.type === "objectChanged" && state.failure !== undefined)
      return { name, facts, attempt: attempt + 1 };
    if (event.type !== "mountFailed") return state;
    const { reason = "FailedMount", message, at } = event;
    if (event.retryable)
      return { name, facts, attempt, failure: { reason, ...retryOf(attempt, message, at) } };
    const outcome = { phase: "Failed", reason, message } as const;
    return { name: "Unmounting", facts: stopped(facts, at), outcome, attempt: 1 };
  },
  Running: (state, event) => withFacts(state, withContainerEvent(state.facts, event, true)),
  Terminating: (state, event) => withFacts(state, withContainerEvent(state.facts, event, false)),
  Unmounting: (state, event) => {
    const { name, facts, outcome, attempt } = state;
    if (event.type === "unmounted") {
      return facts.deleted
        ? { name: "Gone", facts, outcome }
        : { name: "Finished", facts, outcome, attempt: 1 };
    }
    if (event.type !== "unmountFailed") return state;
    return { name, facts, outcome, attempt, failure: retryOf(attempt, event.message, event.at) };
  },
  Finished: (state, event) => {
    const { name, facts, outcome, attempt } = state;
    if (event.type !== "deleteFailed") return state;
    return { name, facts, outcome, attempt, failure: retryOf(attempt, event.message, event.at) };
  },
  Gone: (state) => state,
};

/**
 * The one place where a pod changes its state. Total: any event in any state is either handled or ignored, and
 * nothing throws. An event that changes nothing gives back the very same object.
 */
export function transition(state: PodState, event: PodEvent): PodState {
  const current = told(state, event);
  const termination = requestedEndOf(current.facts, event);
  if (termination !== undefined) return settle(endPod(current, termination), event.at);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row is looked up by this very state's name
  const row = ROWS[current.name] as PodRow<PodStateName>;
  return settle(row(current, event), event.at);
}

/** `state` with what an event says of the object. */
function told(state: PodState, event: PodEvent): PodState {
  if (event.type === "changed") return withPod(state, event.pod, event.at);
  if (event.type !== "deleted" || state.facts.deleted) return state;
  return { ...state, facts: { ...state.facts, deleted: true } };
}

/** The pod's object changed. One of another UID is another pod, whatever its name. */
function withPod(state: PodState, pod: PodLike, at: Date): PodState {
  const { facts } = state;
  if (pod === facts.pod || pod.metadata?.uid !== facts.pod.metadata?.uid) return state;
  const specs = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const { terminationGracePeriodSeconds } = pod.spec ?? {};
  const { gracePeriodSeconds, until } = terminationAt(at, terminationGracePeriodSeconds, {
    cause: "completed",
  });
  const containers = facts.containers.map((container) => {
    const spec = specs.find(({ name }) => name === container.name);
    if (spec === undefined) return container;
    const kept = specFor(spec, facts.options);
    if (state.name !== "Running") return { ...container, spec: kept };
    return withSpec(container, kept, { type: "stop", cause: "changed", gracePeriodSeconds, until, at });
  });
  return { ...state, facts: { ...facts, pod, containers } };
}

/** Hands a container's event to it, and what all of them may have waited for to all; a failed probe ends its run, as long as the pod is to go on. */
function withContainerEvent(facts: PodFacts, event: PodEvent, goesOn: boolean): PodFacts {
  if (event.type === "objectChanged" && goesOn) {
    const begin = { type: "begin", at: event.at } as const;
    return withContainers(facts, (container) => (isIn(container, "StartBackOff") ? begin : undefined));
  }
  if (!("container" in event)) return facts;
  return withContainers(facts, (container) => {
    if (container.name !== event.container) return undefined;
    return goesOn ? (condemned(facts, container, event) ?? event) : event;
  });
}

/** The order to stop that a probe's failure is, if it is about the run that there is. */
function condemned(
  { pod }: PodFacts,
  container: Container,
  event: ContainerEvent,
): ContainerInput | undefined {
  if (event.type !== "probed" || event.success || event.probe === "readiness") return undefined;
  if (!isIn(container, "Running") || event.attempt !== container.attempt) return undefined;
  const { spec } = container;
  const probe = event.probe === "startup" ? spec.startupProbe : spec.livenessProbe;
  if (probe === undefined) return undefined;
  const seconds = probe.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds;
  const { gracePeriodSeconds, until } = terminationAt(event.at, seconds, { cause: "completed" });
  return { type: "stop", cause: event.probe, gracePeriodSeconds, until, at: event.at };
}

/** When a mount, an unmount or a deletion that failed so many times is tried again. */
function retryOf(
  attempt: number,
  message: string,
  at: Date,
): { readonly message: string; readonly until: Date } {
  return { message, until: after(at, mountDelayMs(attempt)) };
}
