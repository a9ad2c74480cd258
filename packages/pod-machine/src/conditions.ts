import type { Container } from "./container-graph.ts";
import { isIn } from "./container-moves.ts";
import { hasSucceeded, isInitialized } from "./plan-containers.ts";
import type { PodFacts, PodOutcome, PodState, PodStateName } from "./pod-graph.ts";
import type { PodConditionLike } from "./pod-like.ts";
import type { PodCondition } from "./pod-status.ts";
import { disruptionMessage } from "./words.ts";

/** A condition without the times that the state remembers for it. */
interface Verdict {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
}

/** The conditions that the kubelet owns, in its order. Everybody else's are left as they are. */
const OWN: ReadonlySet<string> = new Set([
  "DisruptionTarget",
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
]);

/** `facts` with the time at which each condition got its status; the same object where none changed. */
export function withConditionTimes(state: PodState, facts: PodFacts, at: Date): PodFacts {
  const { name } = state;
  const changed = verdictsOf(name, facts, "outcome" in state ? state.outcome : undefined).filter(
    ({ type, status }) => facts.conditionTimes[type]?.status !== status,
  );
  if (changed.length === 0) return facts;
  const times = changed.map(({ type, status }) => [type, { status, since: at }] as const);
  return { ...facts, conditionTimes: { ...facts.conditionTimes, ...Object.fromEntries(times) } };
}

/** All conditions of a pod: the kubelet's own, then those of others. */
export function conditionsOf(
  name: PodStateName,
  facts: PodFacts,
  outcome: PodOutcome | undefined,
): PodCondition[] {
  const observedGeneration = facts.pod.metadata?.generation;
  const own = verdictsOf(name, facts, outcome).map((verdict) => ({
    ...verdict,
    lastTransitionTime: facts.conditionTimes[verdict.type]?.since ?? facts.startTime,
    observedGeneration,
  }));
  const types = new Set(own.map(({ type }) => type));
  // Others may tell of a disruption as well.
  const isOthers = ({ type }: { readonly type: string }): boolean =>
    type === "DisruptionTarget" ? !types.has(type) : !OWN.has(type);
  const others = (facts.pod.status?.conditions ?? []).filter(isOthers);
  return [...own, ...others.map((condition) => ({ ...condition }))];
}

/** Times of the conditions that an earlier status tells. */
export function conditionTimesOf(conditions: readonly PodConditionLike[] = []): PodFacts["conditionTimes"] {
  return Object.fromEntries(
    conditions.flatMap(({ type, status, lastTransitionTime }) =>
      OWN.has(type) && lastTransitionTime !== undefined
        ? [[type, { status, since: lastTransitionTime }]]
        : [],
    ),
  );
}

const DISRUPTED = { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" } as const;

function verdictsOf(
  name: PodStateName,
  facts: PodFacts,
  outcome: PodOutcome | undefined,
): readonly Verdict[] {
  // Of a pod that the node did not take, the kubelet tells nothing: not even that it was bound to it.
  if (outcome?.rejected === true) return [];
  const containersReady = containersReadyOf(facts);
  return [
    ...(outcome?.disruption === true ? [{ ...DISRUPTED, message: disruptionMessage(outcome) }] : []),
    {
      type: "PodReadyToStartContainers",
      status: name === "Running" || name === "Terminating" ? "True" : "False",
    },
    initializedOf(facts),
    readyOf(facts, containersReady),
    containersReady,
    { type: "PodScheduled", status: "True" },
  ];
}

function initializedOf({ phase, containers }: PodFacts): Verdict {
  const type = "Initialized";
  if (phase === "Succeeded") return { type, status: "True", reason: "PodCompleted" };
  const incomplete = containers.filter((container) => !isComplete(container));
  if (incomplete.length === 0 || isInitialized(containers)) return { type, status: "True" };
  const message = `containers with incomplete status: ${list(incomplete)}`;
  return { type, status: "False", reason: "ContainersNotInitialized", message };
}

function containersReadyOf({ phase, containers }: PodFacts): Verdict {
  const type = "ContainersReady";
  if (phase === "Succeeded") return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  const unready = containers.filter((container) => container.kind !== "init" && !isReady(container));
  if (unready.length === 0) return { type, status: "True" };
  return {
    type,
    status: "False",
    reason: "ContainersNotReady",
    message: `containers with unready status: ${list(unready)}`,
  };
}

function readyOf({ pod }: PodFacts, containersReady: Verdict): Verdict {
  if (containersReady.status === "False") return { ...containersReady, type: "Ready" };
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType: gate }) => {
    const condition = pod.status?.conditions?.find(({ type }) => type === gate);
    if (condition === undefined)
      return [`corresponding condition of pod readiness gate "${gate}" does not exist.`];
    if (condition.status === "True") return [];
    return [`the status of pod readiness gate "${gate}" is not "True", but ${condition.status}`];
  });
  if (messages.length === 0) return { type: "Ready", status: "True" };
  return { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

/** Whether a container is ready; an init container is when it has succeeded. */
export function isReady(container: Container): boolean {
  if (container.kind === "init") return hasSucceeded(container);
  return isIn(container, "Running", "Terminating") && container.state.ready;
}

/** Whether a container has started and still runs. */
export function isStarted(container: Container): boolean {
  return isIn(container, "Terminating") || (isIn(container, "Running") && container.state.started);
}

function isComplete(container: Container): boolean {
  if (container.kind === "init") return hasSucceeded(container);
  return container.kind === "regular" || isStarted(container);
}

function list(containers: readonly Container[]): string {
  return `[${containers.map(({ name }) => name).join(" ")}]`;
}
