import type { Container } from "./container-graph.ts";
import type { PodLike } from "./pod-like.ts";
import type { PodPhase, QosClass } from "./pod-status.ts";

/**
 * Every way that a pod can go. What its containers do meanwhile is their own graph; `Running` is the one state in
 * which they start.
 */
export const POD_EDGES = {
  /** Seen; being admitted. */
  Registered: ["Mounting", "Unmounting"],
  Mounting: ["Running", "Unmounting"],
  Running: ["Terminating"],
  /** All containers are being stopped, in order. */
  Terminating: ["Unmounting"],
  Unmounting: ["Finished", "Gone"],
  /** Ended, nothing of it left but its status; its object is deleted if somebody asked for that. */
  Finished: ["Gone"],
  /** The object is gone, and nothing of the pod is left. */
  Gone: [],
} as const;

/** The name of a pod's state. */
export type PodStateName = keyof typeof POD_EDGES;

/** The states that a pod may go to from `From`. */
export type PodTarget<From extends PodStateName> = (typeof POD_EDGES)[From][number];

/** When everything must have stopped, and what for. */
export interface Termination {
  readonly cause: "completed" | "deleted" | "deadline" | "evicted";
  readonly gracePeriodSeconds: number;
  readonly at: Date;
  /** When the grace period is over. */
  readonly until: Date;
  readonly reason?: string;
  readonly message?: string;
  /** Whether the condition `DisruptionTarget` is to tell it. */
  readonly disruption?: boolean;
}

/** How the pod ended. Never changes once it is there. */
export interface PodOutcome {
  readonly phase: "Succeeded" | "Failed";
  /** The node never took the pod. */
  readonly rejected?: boolean;
  /** The node ended the pod for the sake of others: the condition `DisruptionTarget`. */
  readonly disruption?: boolean;
  readonly reason?: string;
  readonly message?: string;
}

/** What the machine was told to do differently. */
export interface MachineOptions {
  /**
   * Whether somebody runs the probes and tells `probed`. Default false: a container counts as started and ready as
   * soon as it runs.
   */
  readonly probes?: boolean;
  /** The longest wait between two runs of a container that crashes. Default 300,000. */
  readonly maxRestartDelayMs?: number;
}

/** What a pod's state knows whatever its name. */
export interface PodFacts {
  readonly pod: PodLike;
  readonly options: MachineOptions;
  readonly startTime: Date;
  readonly phase: PodPhase;
  readonly qosClass: QosClass;
  /** Init containers first, in the order of the spec, then the regular ones. */
  readonly containers: readonly Container[];
  /** When each of the kubelet's own conditions got the status that it has. */
  readonly conditionTimes: Readonly<Record<string, { readonly status: string; readonly since: Date }>>;
  /** Whether the object is gone, so that nobody reads the status any more. */
  readonly deleted: boolean;
  readonly hostIPs: readonly string[];
  readonly podIPs: readonly string[];
}

/** What each state knows beside that. */
interface PodStateData {
  readonly Mounting: {
    readonly attempt: number;
    /** `reason` is that of the Event. */
    readonly failure?: { readonly reason: string; readonly message: string; readonly until: Date };
  };
  readonly Terminating: { readonly termination: Termination };
  readonly Unmounting: {
    readonly outcome: PodOutcome;
    readonly attempt: number;
    readonly failure?: { readonly message: string; readonly until: Date };
  };
  readonly Finished: {
    readonly outcome: PodOutcome;
    /** The deletion of the object, where it has a `deletionTimestamp`. */
    readonly attempt: number;
    readonly failure?: { readonly message: string; readonly until: Date };
  };
  readonly Gone: { readonly outcome: PodOutcome };
}

/** Each state: its name, the facts and what it knows itself. */
type PodStates = {
  readonly [N in PodStateName]: { readonly name: N; readonly facts: PodFacts } & (N extends keyof PodStateData
    ? PodStateData[N]
    : unknown);
};

/** A pod's state, or that of some names: plain data, never changed in place. */
export type PodStateOf<N extends PodStateName = PodStateName> = PodStates[N];

/** A pod's state. */
export type PodState = PodStateOf;
