import { withConditionTimes } from "./conditions.ts";
import { endAtDeadline, undone } from "./end-pod.ts";
import { outcomeOf, phaseOf } from "./phase.ts";
import { hasRun, isStopped, planStarts, planStops, verdictOf } from "./plan-containers.ts";
import { stopOrder, terminationAt, withContainers, withFacts } from "./pod-facts.ts";
import type { PodFacts, PodState, PodStateName, PodStateOf, PodTarget } from "./pod-graph.ts";
import { isDue } from "./time.ts";

/** One pure row of the table: what a pod in state `From` does by itself when it is `at`. */
type SettleRow<From extends PodStateName> = (
  state: PodStateOf<From>,
  at: Date,
) => PodStateOf<From | PodTarget<From>>;

const ROWS: { readonly [From in PodStateName]: SettleRow<From> } = {
  Registered: (state, at) => {
    // What an earlier process ran to its end is not admitted again.
    const { restartPolicy } = state.facts.pod.spec ?? {};
    const { containers } = state.facts;
    if (!containers.some(hasRun) || verdictOf(restartPolicy, containers) === "going on") return state;
    return undone(state.facts, terminationAt(at, 0, { cause: "completed" }));
  },
  Mounting: (state, at) =>
    state.failure !== undefined && isDue(state.failure.until, at)
      ? { name: "Mounting", facts: state.facts, attempt: state.attempt + 1 }
      : state,
  Running: (state, at) => {
    const { restartPolicy, terminationGracePeriodSeconds } = state.facts.pod.spec ?? {};
    const starts = planStarts(restartPolicy, state.facts.containers);
    const facts = withContainers(withTime(state.facts, at), ({ name }) =>
      starts.has(name) ? { type: "begin", at } : undefined,
    );
    if (verdictOf(restartPolicy, facts.containers) === "going on") return withFacts(state, facts);
    const termination = terminationAt(at, terminationGracePeriodSeconds, { cause: "completed" });
    return { name: "Terminating", facts, termination };
  },
  Terminating: (state, at) => {
    const { termination } = state;
    const stops = planStops(state.facts.containers);
    const facts = withContainers(withTime(state.facts, at), ({ name }) =>
      stops.has(name) ? stopOrder(termination, at) : undefined,
    );
    if (!facts.containers.every(isStopped)) return withFacts(state, facts);
    return { name: "Unmounting", facts, outcome: outcomeOf(termination, facts.containers), attempt: 1 };
  },
  Unmounting: (state, at) => {
    const { facts, outcome, attempt, failure } = state;
    const again = failure !== undefined && isDue(failure.until, at);
    return again ? { name: "Unmounting", facts, outcome, attempt: attempt + 1 } : state;
  },
  Finished: (state, at) => {
    const { facts, outcome, attempt, failure } = state;
    const again = failure !== undefined && isDue(failure.until, at);
    return again ? { name: "Finished", facts, outcome, attempt: attempt + 1 } : state;
  },
  Gone: (state) => state,
};

/**
 * What becomes of `state` by itself now that it is `at`: back-offs, grace periods and deadlines run out, containers
 * begin and stop as it is their turn, the pod goes on when they are done. The same object where nothing does.
 */
export function settle(state: PodState, at: Date): PodState {
  let settled = endAtDeadline(state, at);
  for (;;) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row is looked up by this very state's name
    const row = ROWS[settled.name] as SettleRow<PodStateName>;
    const next = row(settled, at);
    if (next === settled) return withVerdicts(settled, at);
    settled = next;
  }
}

function withTime(facts: PodFacts, at: Date): PodFacts {
  return withContainers(facts, () => ({ type: "woke", at }));
}

/** Brings up to date what follows from the state: its phase, and since when each condition holds. */
function withVerdicts(state: PodState, at: Date): PodState {
  const phase = phaseOf(state);
  const facts = phase === state.facts.phase ? state.facts : { ...state.facts, phase };
  return withFacts(state, withConditionTimes(state, facts, at));
}
