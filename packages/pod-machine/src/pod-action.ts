/**
 * One piece of work that should be under way. `key` names this piece for ever: the executor starts what is listed
 * and new, leaves alone what is listed and known (under way or done), and cancels what is no longer listed.
 *
 * Cancelling is all that is ever needed, except for a started container: that one is held until `exited`, and
 * ended only by `terminate` and `kill`.
 */
export type PodAction = { readonly key: string } & PodWork;

type PodWork =
  | {
      /** Decide whether this node takes the pod → `admitted`, `rejected`. */
      readonly do: "admit";
    }
  | {
      /** Prepare all volumes → `mounted`, `mountFailed`. */
      readonly do: "mount";
      readonly attempt: number;
    }
  | {
      /** Ensure the container's image, as its pull policy says → `pulled`, `pullFailed`. */
      readonly do: "pull";
      readonly container: string;
      readonly attempt: number;
      readonly image: string;
    }
  | {
      /** Start it → `started` or `startFailed`; after `started`, later, one `exited`. */
      readonly do: "start";
      readonly container: string;
      readonly attempt: number;
      readonly restartCount: number;
      readonly imageID: string;
    }
  | {
      /** Ask the running container to stop. No answer is waited for but its `exited`. */
      readonly do: "terminate";
      readonly container: string;
      readonly attempt: number;
      /** From now until it is killed. */
      readonly gracePeriodSeconds: number;
    }
  | {
      /**
       * End the try, whatever it is doing: if its start is still under way cancel that, wait until it is undone, and
       * tell `lost`; if it runs kill it, and its `exited` is the answer.
       */
      readonly do: "kill";
      readonly container: string;
      readonly attempt: number;
    }
  | {
      /** Undo all volumes, also those of a `mount` that was cancelled → `unmounted`, `unmountFailed`. */
      readonly do: "unmount";
      readonly attempt: number;
    }
  | {
      /**
       * Nothing of the pod is left and its object has a `deletionTimestamp`: once the last status is written, delete the
       * object → `deleted` when it is gone, `deleteFailed`; nothing while finalizers keep it.
       */
      readonly do: "delete";
      readonly attempt: number;
    }
  | {
      /** Sleep → `woke`, with an `at` that is not before `until` (timers may fire early). At most one is listed. */
      readonly do: "wait";
      readonly until: Date;
      /** Whether it is the wall clock that has to come to `until`; else it lasts as long as it is until then now, though somebody sets that. */
      readonly wallClock: boolean;
    };
