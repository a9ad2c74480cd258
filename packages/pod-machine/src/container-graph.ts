import type { PullFailure, StartFailure } from "./pod-event.ts";
import type { ContainerLike } from "./pod-like.ts";
import type { TerminatedStatus } from "./pod-status.ts";

/**
 * Every way that a container can go. A try begins with `Pulling` (which costs nothing where the image is there) and
 * ends in one of the states that wait, or for good in `Terminated` or `Abandoned`.
 */
export const CONTAINER_EDGES = {
  /** Not its turn yet. */
  Waiting: ["Pulling", "Abandoned"],
  Pulling: ["Starting", "PullBackOff", "Terminated", "Abandoned"],
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
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The name of a container's state. */
export type ContainerStateName = keyof typeof CONTAINER_EDGES;

/** The states that a container may go to from `From`. */
export type ContainerTarget<From extends ContainerStateName> = (typeof CONTAINER_EDGES)[From][number];

/** What a run is known by while it lasts. */
interface Run {
  readonly containerID: string;
  readonly startedAt: Date;
}

/** Why a container is being stopped; all but `stop` let it run again. */
export type StopCause = "stop" | "liveness" | "startup" | "changed";

/** What each state knows beside its name. */
interface ContainerStateData {
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
  readonly Terminated: { readonly exit: TerminatedStatus; readonly cause?: StopCause };
  readonly CrashBackOff: { readonly until: Date; readonly delayMs: number };
}

/** A container's state, or that of some names. */
export type ContainerStateOf<N extends ContainerStateName = ContainerStateName> = N extends N
  ? { readonly name: N } & (N extends keyof ContainerStateData ? ContainerStateData[N] : unknown)
  : never;

/** The part that a container plays: `sidecar` is an init container with `restartPolicy: Always`. */
export type ContainerKind = "init" | "sidecar" | "regular";

/** A container of a pod with everything that the machine knows of it. */
export interface Container<N extends ContainerStateName = ContainerStateName> {
  readonly name: string;
  readonly kind: ContainerKind;
  readonly spec: ContainerLike;
  readonly state: ContainerStateOf<N>;
  /** Tries so far, counted over the pod's whole life. */
  readonly attempt: number;
  readonly restartCount: number;
  readonly imageID?: string;
  /** How the run before the current one ended, or the last one while none is. */
  readonly lastExit?: TerminatedStatus;
  /** Pulls that failed in a row. */
  readonly pullFailures: number;
  /** What the next crash has to wait, and since when that holds. */
  readonly crash?: { readonly delayMs: number; readonly since: Date };
}
