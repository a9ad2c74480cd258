import { nextCrashRecord, pullDelayMs } from "./back-off.ts";
import type {
  Container,
  ContainerExitRecord,
  ContainerFacts,
  ContainerStateName,
  ContainerStateOf,
  StopCause,
} from "./container-graph.ts";
import type { ContainerEvent, StartFailure } from "./pod-event.ts";
import { after, earlier, isDue, later } from "./time.ts";
import { isLasting, pullBackOffMessage, pullFailureMessage } from "./words.ts";

/** An order to stop. */
export interface StopOrder {
  readonly type: "stop";
  readonly at: Date;
  readonly cause: StopCause;
  readonly gracePeriodSeconds: number;
  /** When the grace period is over. */
  readonly until: Date;
}

type Happened<T extends ContainerEvent["type"]> = Extract<ContainerEvent, { readonly type: T }>;

/** So long a failed pull is shown before its back-off is: long enough for whoever looks every other second. */
const PULL_FAILURE_MS = 5_000;
/** Nothing came of a start, or the node will not have the image; tried again after this. */
const START_RETRY_MS = 10_000;
/** Even at the end of a pod's grace period a container gets this much, as the kubelet does it. */
const LEAST_GRACE_MS = 2_000;
/** A kill that has not been answered is asked again after this. */
const KILL_RETRY_MS = 10_000;
/** Failures of a start that leave a run behind which ended with 128. */
const FAILED_RUNS: ReadonlySet<StartFailure> = new Set([
  "RunContainerError",
  "StartError",
  "ContainerCannotRun",
]);

/** `container` in another state. */
export function to<S extends ContainerStateOf>(
  container: ContainerFacts,
  state: S,
): ContainerFacts & { readonly state: S } {
  return { ...container, state };
}

/** A new try: from here on only what carries its number counts. */
export function pull(container: ContainerFacts): Container<"Pulling"> {
  return { ...to(container, { name: "Pulling", downloading: false }), attempt: container.attempt + 1 };
}

/** There is no image. What a back-off helps is told as it is before the back-off is. */
export function pullFailed(
  container: ContainerFacts,
  { reason, message, at }: Happened<"pullFailed">,
): Container<"PullFailed" | "PullBackOff"> {
  const shown = pullFailureMessage(container.spec.image ?? "", { reason, message });
  const next = { ...container, waiting: { reason, message: shown } };
  if (isLasting(reason)) {
    return to(next, { name: "PullBackOff", until: after(at, START_RETRY_MS), reason, message });
  }
  const pullFailures = container.pullFailures + 1;
  const retryAt = after(at, pullDelayMs(pullFailures));
  const until = after(at, PULL_FAILURE_MS);
  return to({ ...next, pullFailures }, { name: "PullFailed", until, retryAt, reason, message });
}

/** The failure has been shown: now the next pull is waited for. */
export function backOffPull(container: Container<"PullFailed">): Container<"PullBackOff"> {
  const { retryAt, reason, message } = container.state;
  const waiting = {
    reason: "ImagePullBackOff",
    message: pullBackOffMessage(container.spec.image ?? "", { reason, message }),
  };
  return to({ ...container, waiting }, { name: "PullBackOff", until: retryAt, reason, message });
}

/** The image is there. */
export function start(
  container: ContainerFacts,
  { imageID, pull }: Happened<"pulled">,
): Container<"Starting"> {
  const next = { ...container, imageID, pullFailures: 0 };
  return to(next, { name: "Starting", imageID, pull });
}

/** The run has begun. A probe that is not there has succeeded. */
export function run(
  container: ContainerFacts,
  { containerID, at }: Happened<"started">,
): Container<"Running"> {
  const started = container.spec.startupProbe === undefined;
  const ready = started && container.spec.readinessProbe === undefined;
  const next = { ...container, restartCount: container.exits, waiting: undefined, again: undefined };
  return to(next, { name: "Running", containerID, startedAt: at, started, ready });
}

/** The start came to nothing, or to a run that ended at once. */
export function startFailed(
  container: ContainerFacts,
  { reason, message, at }: Happened<"startFailed">,
): Container<"StartBackOff" | "Terminated"> {
  if (!FAILED_RUNS.has(reason)) {
    const next = { ...container, waiting: { reason, message } };
    return to(next, { name: "StartBackOff", until: after(at, START_RETRY_MS), reason, message });
  }
  const shown = reason === "RunContainerError" ? "StartError" : reason;
  const ended = end(container, { exitCode: 128, reason: shown, message, startedAt: at, finishedAt: at });
  // What it waits with if it is started again at once.
  return { ...ended, waiting: { reason: "RunContainerError", message } };
}

/** The run is over. */
export function end(
  container: ContainerFacts,
  exit: ContainerExitRecord,
  cause?: StopCause,
): Container<"Terminated"> {
  const { exits } = container;
  const next = {
    ...container,
    restartCount: exits,
    exits: exits + 1,
    waiting: undefined,
    again: undefined,
  };
  return to(next, { name: "Terminated", exit, cause });
}

/** How an `exited` or a `lost` ends a run. */
export function exitOf(
  event: Happened<"exited" | "lost" | "startFailed"> | { readonly type: "woke"; readonly at: Date },
  run: { readonly containerID?: string; readonly startedAt?: Date } = {},
): ContainerExitRecord {
  const { containerID } = run;
  if (event.type === "exited") {
    const { exitCode, reason, message, startedAt, finishedAt } = event;
    return { exitCode, reason, message, startedAt, finishedAt, containerID };
  }
  return lostRun(run, event.at);
}

/** The end of a run that is nowhere to be found, in the kubelet's words. */
export function lostRun(
  { containerID, startedAt }: { readonly containerID?: string; readonly startedAt?: Date },
  at: Date,
): ContainerExitRecord {
  return {
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was terminated",
    startedAt,
    finishedAt: at,
    containerID,
  };
}

/** Stopped while nothing of it runs: what it was before is what it stays. */
export function giveUp(container: ContainerFacts): Container<"Terminated" | "Abandoned"> {
  const { lastExit, again } = container;
  if (lastExit === undefined) return to(container, { name: "Abandoned" });
  return to(
    { ...container, lastExit: again?.before, again: undefined },
    { name: "Terminated", exit: lastExit },
  );
}

/** Asked to stop, or killed at once where there is no grace. */
export function stop(
  container: Container<"Running">,
  { cause, gracePeriodSeconds, until, at }: StopOrder,
): Container<"Terminating" | "Killing"> {
  if (gracePeriodSeconds <= 0) return kill(container, cause, at);
  const { containerID, startedAt, ready } = container.state;
  const killAt = later(until, after(at, LEAST_GRACE_MS));
  return to(container, {
    name: "Terminating",
    containerID,
    startedAt,
    ready,
    cause,
    gracePeriodSeconds,
    killAt,
  });
}

/** A grace period that has begun can only become shorter. */
export function hasten(
  container: Container<"Terminating">,
  { cause, gracePeriodSeconds, until, at }: StopOrder,
): Container<"Terminating" | "Killing"> {
  const { state } = container;
  if (gracePeriodSeconds <= 0) return kill(container, cause, at);
  const killAt = earlier(state.killAt, later(until, after(at, LEAST_GRACE_MS)));
  const sooner = killAt.getTime() < state.killAt.getTime() || gracePeriodSeconds < state.gracePeriodSeconds;
  if (!sooner && cause === state.cause) return container;
  return to(container, {
    ...state,
    cause,
    gracePeriodSeconds: Math.min(gracePeriodSeconds, state.gracePeriodSeconds),
    killAt,
  });
}

/** Killed: whatever the try is doing, it ends. */
export function kill(
  container: Container<"Starting" | "Running" | "Terminating">,
  cause: StopCause,
  at: Date,
): Container<"Killing"> {
  const { state } = container;
  const run = state.name === "Starting" ? {} : { containerID: state.containerID, startedAt: state.startedAt };
  return to(container, { name: "Killing", cause, tries: 1, until: after(at, KILL_RETRY_MS), ...run });
}

/**
 * A kill that nobody answered is asked again, without end: as long as the guest may still be there, its pod is, and
 * nobody begins another one in its place.
 */
export function killAgain(container: Container<"Killing">, at: Date): Container<"Killing"> {
  const { state } = container;
  if (!isDue(state.until, at)) return container;
  return to(container, { ...state, tries: state.tries + 1, until: after(at, KILL_RETRY_MS) });
}

/** Run again after `exit`: at once, or after a back-off of so long. */
export function runAgain(
  container: ContainerFacts,
  exit: ContainerExitRecord,
  at: Date,
  delayMs?: number,
): Container<"Pulling"> {
  const again = delayMs === undefined ? { before: container.lastExit } : { delayMs };
  const crash = nextCrashRecord(container.crash, exit.finishedAt, at, container.maxRestartDelayMs);
  return pull({ ...container, lastExit: exit, again, crash });
}

/** A probe of a running container gave its verdict. Failures that end the run come as a stop order instead. */
export function probed(
  container: Container<"Running">,
  { probe, success }: Happened<"probed">,
): Container<"Running"> {
  const { state, spec } = container;
  const started = state.started || (probe === "startup" && success);
  const unguarded = spec.readinessProbe === undefined;
  const ready = started && (probe === "readiness" ? success : unguarded || state.ready);
  if (started === state.started && ready === state.ready) return container;
  return to(container, { ...state, started, ready });
}

/** Whether a state that waits for `until` goes on now. */
export function isOver(
  container: Container<"PullBackOff" | "StartBackOff" | "CrashBackOff">,
  input: { readonly type: string; readonly at: Date },
): boolean {
  return input.type === "begin" || (input.type === "woke" && isDue(container.state.until, input.at));
}

/** Names of states, for narrowing a container by what it does. */
export function isIn<N extends ContainerStateName>(
  container: Container,
  ...names: readonly N[]
): container is Container<N> {
  return names.some((name) => name === container.state.name);
}
