import type { CrashRecord } from "./back-off.ts";
import type { Container, ContainerExitRecord } from "./container-graph.ts";
import type { PodOutcome, PodState, Termination } from "./pod-graph.ts";

/**
 * What of a pod has to outlive the process that runs it, so that the next one does nothing twice: plain data, in JSON
 * and back. Written before a container's first instruction, when it has ended, and when the pod has.
 */
export interface Checkpoint {
  readonly version: 1;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly startTime: Date;
  readonly containers: readonly ContainerCheckpoint[];
  /** The node is ending the pod for a reason of its own. */
  readonly ending?: Pick<Termination, "cause" | "reason" | "message" | "disruption">;
  /** The pod has ended. */
  readonly outcome?: PodOutcome;
}

/** One container's part of it. */
export interface ContainerCheckpoint {
  readonly name: string;
  /** Another image begins a new record of crashes. */
  readonly image?: string;
  readonly imageID?: string;
  readonly attempt: number;
  readonly exits: number;
  /** Whether the guest may be running, and what is known of the run: the start in whole seconds, as a status has it. */
  readonly run?: { readonly containerID?: string; readonly startedAt?: Date };
  /** How the last run ended, and the one before it. */
  readonly exit?: ContainerExitRecord;
  readonly lastExit?: ContainerExitRecord;
  readonly crash?: CrashRecord;
}

/** A try of a container whose guest may run though `started` has not been told. */
export interface BegunRun {
  readonly attempt: number;
  readonly containerID: string;
  readonly startedAt: Date;
}

/**
 * The checkpoint of a state. `begun` are the tries of containers by name: whoever starts containers adds a try and
 * writes the checkpoint before it starts the guest.
 */
export function checkpointOf(state: PodState, begun: ReadonlyMap<string, BegunRun> = new Map()): Checkpoint {
  const { pod, startTime, containers } = state.facts;
  const { namespace = "default", name = "", uid = "" } = pod.metadata ?? {};
  const ending = endingOf(state);
  return {
    version: 1,
    namespace,
    name,
    uid,
    startTime,
    containers: containers.map((container) => containerCheckpointOf(container, begun)),
    ending: ending && {
      cause: ending.cause,
      reason: ending.reason,
      message: ending.message,
      disruption: ending.disruption,
    },
    outcome: "outcome" in state ? state.outcome : undefined,
  };
}

/**
 * Whether a step changed what a checkpoint keeps: whether a run has begun or ended, or the pod is ending. A pod of which
 * nothing has begun is taken up as a new one.
 */
export function isWorthKeeping(before: PodState, after: PodState): boolean {
  if (before === after) return false;
  if (("outcome" in after && !("outcome" in before)) || endingOf(before) !== endingOf(after)) return true;
  return after.facts.containers.some((container, index) => {
    const earlier = before.facts.containers[index];
    return container.exits !== earlier?.exits || runOf(container) !== runOf(earlier);
  });
}

function endingOf(state: PodState): Termination | undefined {
  if (state.name !== "Terminating") return undefined;
  const { termination } = state;
  return termination.cause === "evicted" || termination.cause === "deadline" ? termination : undefined;
}

function runOf(container: Container | undefined): string | undefined {
  const state = container?.state;
  return state !== undefined && "containerID" in state ? state.containerID : undefined;
}

function containerCheckpointOf(
  { name, spec, imageID, attempt, exits, state, lastExit, crash }: Container,
  begun: ReadonlyMap<string, BegunRun>,
): ContainerCheckpoint {
  const kept = { name, image: spec.image, imageID, attempt, exits, crash };
  const begunOf = (attempt: number): BegunRun | undefined => {
    const run = begun.get(name);
    return run?.attempt === attempt ? run : undefined;
  };
  switch (state.name) {
    case "Running":
    case "Terminating":
    case "Starting":
    case "Killing": {
      const run = "containerID" in state && state.containerID !== undefined ? state : begunOf(attempt);
      return { ...kept, run: run && runKeptOf(run), exit: lastExit };
    }
    case "Terminated":
      return { ...kept, exit: state.exit, lastExit };
    default:
      return { ...kept, exit: lastExit };
  }
}

/** What a start is foretold as and what is told of it are mostly the same second: then nothing has changed. */
function runKeptOf({
  containerID,
  startedAt,
}: {
  readonly containerID?: string;
  readonly startedAt?: Date;
}): NonNullable<ContainerCheckpoint["run"]> {
  return { containerID, startedAt: startedAt && new Date(Math.floor(startedAt.getTime() / 1000) * 1000) };
}
