import { outcomeOf } from "./phase.ts";
import { stopOrder, terminationAt, withContainers } from "./pod-facts.ts";
import type { PodEvent } from "./pod-event.ts";
import type { PodFacts, PodState, PodStateName, PodStateOf, PodTarget, Termination } from "./pod-graph.ts";
import { after, earlier, isDue } from "./time.ts";

/** One pure row of the table: what the end of the pod means in state `From`. */
type EndRow<From extends PodStateName> = (
  state: PodStateOf<From>,
  termination: Termination,
) => PodStateOf<From | PodTarget<From>>;

const ROWS: { readonly [From in PodStateName]: EndRow<From> } = {
  // What an earlier process made is undone.
  Registered: ({ facts }, termination) => undone(facts, termination),
  // Nobody asks how far the mount had come: whatever it made is undone.
  Mounting: ({ facts }, termination) => undone(facts, termination),
  Running: ({ facts }, termination) => ({ name: "Terminating", facts, termination }),
  Terminating: (state, { gracePeriodSeconds, until }) => {
    const { termination } = state;
    const sooner = earlier(termination.until, until);
    if (sooner === termination.until && gracePeriodSeconds >= termination.gracePeriodSeconds) return state;
    const grace = Math.min(gracePeriodSeconds, termination.gracePeriodSeconds);
    return { ...state, termination: { ...termination, until: sooner, gracePeriodSeconds: grace } };
  },
  Unmounting: (state) => state,
  Finished: (state) =>
    state.facts.deleted ? { name: "Gone", facts: state.facts, outcome: state.outcome } : state,
  Gone: (state) => state,
};

/** What an object may ask for at least, as with the kubelet: its containers are asked to stop before they are killed. */
const LEAST_GRACE_SECONDS = 1;

/** Ends a pod from whatever state it is in. Told again, it can only end sooner; the first reason stays. */
export function endPod(state: PodState, termination: Termination): PodState {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row is looked up by this very state's name
  const row = ROWS[state.name] as EndRow<PodStateName>;
  return row(state, termination);
}

/** The end that an event asks for: `deleted`, `evicted`, or an object that has a `deletionTimestamp`. */
export function requestedEndOf({ pod }: PodFacts, event: PodEvent): Termination | undefined {
  const usual = pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds;
  switch (event.type) {
    case "deleted":
      return terminationAt(event.at, event.gracePeriodSeconds ?? usual, { cause: "deleted" });
    case "changed":
      return pod.metadata?.deletionTimestamp === undefined
        ? undefined
        : terminationAt(event.at, usual === undefined ? usual : Math.max(LEAST_GRACE_SECONDS, usual), {
            cause: "deleted",
          });
    case "evicted": {
      const { reason, message, disruption = true } = event;
      const seconds = event.gracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds;
      return terminationAt(event.at, seconds, {
        cause: "evicted",
        reason,
        message,
        disruption,
      });
    }
    default:
      return undefined;
  }
}

/** When the pod's `activeDeadlineSeconds` are over, while they count. */
export function deadlineOf({ name, facts }: PodState): Date | undefined {
  const seconds = facts.pod.spec?.activeDeadlineSeconds;
  if (seconds === undefined || (name !== "Registered" && name !== "Mounting" && name !== "Running"))
    return undefined;
  return after(facts.startTime, seconds * 1000);
}

/** Ends a pod whose deadline has come. */
export function endAtDeadline(state: PodState, at: Date): PodState {
  const deadline = deadlineOf(state);
  if (deadline === undefined || !isDue(deadline, at)) return state;
  const why = {
    cause: "deadline",
    reason: "DeadlineExceeded",
    message: "Pod was active on the node longer than the specified deadline",
  } as const;
  return endPod(state, terminationAt(at, state.facts.pod.spec?.terminationGracePeriodSeconds, why));
}

/** All containers stopped that have not begun yet. */
export function stopped(facts: PodFacts, at: Date): PodFacts {
  return withContainers(facts, () => stopOrder(terminationAt(at, 0, { cause: "completed" }), at));
}

/** The end of a pod of which nothing runs. */
export function undone(facts: PodFacts, termination: Termination): PodStateOf<"Unmounting"> {
  const ended = stopped(facts, termination.at);
  return { name: "Unmounting", facts: ended, outcome: outcomeOf(termination, ended.containers), attempt: 1 };
}
