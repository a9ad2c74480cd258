import type { PodLike } from "./pod-like.ts";

/** What every event tells: when it happened. The machine has no clock; its time is that of the last event. */
interface Timed {
  readonly at: Date;
}

/**
 * Which try of which container an event is about, as the action said it. An event about any other try than the
 * current one is late, and ignored.
 */
export interface ContainerTry {
  readonly container: string;
  readonly attempt: number;
}

/** Why an image could not be had. */
export type PullFailure =
  | "ErrImagePull"
  | "RegistryUnavailable"
  | "SignatureValidationFailed"
  | "ErrImageNeverPull"
  | "InvalidImageName"
  | "ImageInspectError";

/**
 * Why a container did not start. The first four leave nothing behind and are tried again every ten seconds, with
 * no restart counted; the last three are a run that ended with 128, and the restart policy decides.
 */
export type StartFailure =
  | "CreateContainerConfigError"
  | "CreateContainerError"
  | "PreCreateHookError"
  | "PreStartHookError"
  | "RunContainerError"
  | "StartError"
  | "ContainerCannotRun";

/** What happened to one try of a container. */
export type ContainerEvent = Timed & ContainerTry & ContainerHappening;

type ContainerHappening =
  | {
      /** The registry is asked for the image. Told for the sake of the Event only. */
      readonly type: "pulling";
    }
  | {
      readonly type: "pulled";
      readonly imageID: string;
      /** Absent: the image was there already, and no registry was asked. */
      readonly pull?: { readonly durationMs: number; readonly waitedMs?: number; readonly bytes: number };
    }
  | { readonly type: "pullFailed"; readonly reason: PullFailure; readonly message: string }
  | {
      /** The guest's first instruction may run (and a postStart hook is done). */
      readonly type: "started";
      /** `<runtime>://<id>`. */
      readonly containerID: string;
    }
  | { readonly type: "startFailed"; readonly reason: StartFailure; readonly message: string }
  | {
      readonly type: "exited";
      readonly exitCode: number;
      /** `Completed`, `Error`, `OOMKilled` … */
      readonly reason: string;
      readonly message?: string;
      readonly startedAt: Date;
      readonly finishedAt: Date;
    }
  | {
      /** The container is nowhere to be found, or was never started although `kill` was asked. */
      readonly type: "lost";
    }
  | {
      /** A probe crossed its threshold. */
      readonly type: "probed";
      readonly probe: "startup" | "readiness" | "liveness";
      readonly success: boolean;
    };

/** Everything that can happen to a pod. */
export type PodEvent = ContainerEvent | (Timed & PodHappening);

type PodHappening =
  | {
      readonly type: "admitted";
      readonly hostIP?: string;
      /** All addresses of the node, one of each family. Default: `hostIP` alone. */
      readonly hostIPs?: readonly string[];
      /** The pod's own addresses, the first one being `podIP`. */
      readonly podIPs?: readonly string[];
    }
  | {
      /** The node refuses the pod for good: `OutOfcpu`, `NodeAffinity` … */
      readonly type: "rejected";
      readonly reason: string;
      readonly message: string;
    }
  | { readonly type: "mounted" }
  | {
      readonly type: "mountFailed";
      readonly message: string;
      /** True (as the kubelet does it): mounting is tried again, until the pod is deleted. False: the pod fails. */
      readonly retryable: boolean;
      /** The Event's reason, and the pod's `status.reason` if it fails. Default `FailedMount`. */
      readonly reason?: string;
    }
  | {
      /** Something that the pod names is there now, or has changed: what failed for want of it is tried again at once. */
      readonly type: "objectChanged";
    }
  | { readonly type: "unmounted" }
  | { readonly type: "unmountFailed"; readonly message: string }
  | { readonly type: "deleteFailed"; readonly message: string }
  | {
      /**
       * The object is gone: everything of the pod goes too. Told again, it can only shorten the grace period; 0 kills
       * at once.
       */
      readonly type: "deleted";
      /** Default: the pod's `deletionGracePeriodSeconds`, its `terminationGracePeriodSeconds`, 30. */
      readonly gracePeriodSeconds?: number;
    }
  | {
      /** The node ends the pod: `Evicted`, `NodeShutdown`, `Preempting`, `Terminated`. Its phase becomes Failed. */
      readonly type: "evicted";
      readonly reason: string;
      readonly message: string;
      readonly gracePeriodSeconds?: number;
      /**
       * Whether the condition `DisruptionTarget` tells it, once nothing runs any more. Default true; false where the pod
       * itself used up too much.
       */
      readonly disruption?: boolean;
      /** What for, as metrics count it: an eviction signal such as `memory.available`, or the resource of a preemption. */
      readonly signal?: string;
      /** Of the Kubernetes Event that tells it, for whoever writes that; the machine does not read them. */
      readonly annotations?: Readonly<Record<string, string>>;
    }
  | {
      /**
       * The object changed. One with a `deletionTimestamp` ends, within its `deletionGracePeriodSeconds`; when nothing
       * of it is left it is `Finished`, and stays that until the object is gone.
       */
      readonly type: "changed";
      readonly pod: PodLike;
    }
  | {
      /** A `wait` is over. Any other event moves the time as well. */
      readonly type: "woke";
    };
