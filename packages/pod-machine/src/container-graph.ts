import type { CrashRecord } from "./back-off.ts";
import type { PullFailure, StartFailure } from "./pod-event.ts";
import type { ContainerLike } from "./pod-like.ts";
import type { TerminatedStatus } from "./pod-status.ts";

/**
 * Every way that a container can go. A try begins with `Pulling` (which costs nothing where the image is there) and
 * ends in one of the states that wait, or for good in `Terminated` or `Abandoned`.
 */
export const CONTAINER_EDGES = {
  /** Not its turn yet. `Terminated` if it had run before the node was restarted. */
  Waiting: ["Pulling", "Terminated", "Abandoned"],
  Pulling: ["Starting", "PullFailed", "PullBackOff", "Terminated", "Abandoned"],
  /** The failure is shown as it is … */
  PullFailed: ["PullBackOff", "Pulling", "Terminated", "Abandoned"],
  /** … and then that the next pull is waited for. */
  PullBackOff: ["Pulling", "Terminated", "Abandoned"],
  Starting: ["Running", "StartBackOff", "Terminated", "Killing"],
  /** Nothing came of the start; again in a while. */
  StartBackOff: ["Pulling", "Terminated", "Abandoned"],
  Running: ["Terminating", "Killing", "Terminated"],
  /** Asked to stop. */
  Terminating: ["Killing", "Terminated"],
  Killing: ["Terminated"],
  /** A run ended. The restart policy decides whether another one follows. */
  Terminated: ["CrashBackOff", "Pulling"],
  CrashBackOff: ["Pulling", "Terminated"],
  /** Never ran, and never will. */
  Abandoned: [],
} as const;

/** The name of a container's state. */
export type ContainerStateName = keyof typeof CONTAINER_EDGES;

/** The states that a container may go to from `From`. */
export type ContainerTarget<From extends ContainerStateName> = (typeof CONTAINER_EDGES)[From][number];

/** What a run is known by while it lasts. */
interface Run {
  readonly containerID: string;
  readonly startedAt: Date;
}

/** How a run ended, as a status shows it, and when that was. */
export type ContainerExitRecord = TerminatedStatus & { readonly finishedAt: Date };

/** Why a container is being stopped; all but `stop` let it run again. */
export type StopCause = "stop" | "liveness" | "startup" | "changed";

/** What each state knows beside its name. */
interface ContainerStateData {
  readonly Pulling: { readonly downloading: boolean };
  /** `retryAt` is when the next pull begins. */
  readonly PullFailed: {
    readonly until: Date;
    readonly retryAt: Date;
    readonly reason: PullFailure;
    readonly message: string;
  };
  readonly PullBackOff: { readonly until: Date; readonly reason: PullFailure; readonly message: string };
  readonly Starting: {
    readonly imageID: string;
    readonly pull?: { readonly durationMs: number; readonly waitedMs?: number; readonly bytes: number };
  };
  readonly StartBackOff: { readonly until: Date; readonly reason: StartFailure; readonly message: string };
  readonly Running: Run & { readonly started: boolean; readonly ready: boolean };
  readonly Terminating: Run & {
    readonly ready: boolean;
    readonly cause: StopCause;
    readonly gracePeriodSeconds: number;
    readonly killAt: Date;
  };
  readonly Killing: Partial<Run> & {
    readonly cause: StopCause;
    readonly tries: number;
    readonly until: Date;
  };
  readonly Terminated: { readonly exit: ContainerExitRecord; readonly cause?: StopCause };
  readonly CrashBackOff: {
    readonly until: Date;
    readonly delayMs: number;
    readonly exit: ContainerExitRecord;
  };
}

/** Each state: its name and what it knows. */
type ContainerStates = {
  readonly [N in ContainerStateName]: { readonly name: N } & (N extends keyof ContainerStateData
    ? ContainerStateData[N]
    : unknown);
};

/** A container's state, or that of some names. */
export type ContainerStateOf<N extends ContainerStateName = ContainerStateName> = ContainerStates[N];

/** The part that a container plays: `sidecar` is an init container with `restartPolicy: Always`. */
export type ContainerKind = "init" | "sidecar" | "regular";

/** What is known of a container whatever its state. */
export interface ContainerFacts {
  readonly name: string;
  readonly kind: ContainerKind;
  readonly spec: ContainerLike;
  /** Tries so far, counted over the pod's whole life. */
  readonly attempt: number;
  /** Of the run that there is, or was last. */
  readonly restartCount: number;
  /** Runs that ended so far; becomes the next run's `restartCount`. */
  readonly exits: number;
  readonly imageID?: string;
  /** How the run before the current state's ended. */
  readonly lastExit?: ContainerExitRecord;
  /**
   * It is being started again, and until it runs what is shown is what was before: how the last run ended, with how the
   * one `before` it did, or the wait of so long after a crash.
   */
  readonly again?: { readonly before?: ContainerExitRecord; readonly delayMs?: number };
  /** What the last try waits or waited for; shown until a run begins. */
  readonly waiting?: { readonly reason: string; readonly message: string };
  /** Pulls that failed in a row. */
  readonly pullFailures: number;
  /** What the next crash has to wait, and since when that holds. */
  readonly crash?: CrashRecord;
  /** The most that a crash has to wait. Default 300,000. */
  readonly maxRestartDelayMs?: number;
}

/** A container of a pod with everything that the machine knows of it. */
export type Container<N extends ContainerStateName = ContainerStateName> = ContainerFacts & {
  readonly state: ContainerStateOf<N>;
};
