import { initialState, transition, withClockSet, workOf } from "@krustlet/pod-machine";
import type { Checkpoint, PodEvent, PodState } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import {
  connect,
  ignoreElements,
  map,
  merge,
  observeOn,
  of,
  queueScheduler,
  scan,
  Subject,
  takeWhile,
  tap,
} from "rxjs";
import type { Observable } from "rxjs";

import { execute } from "./execute.ts";
import type { PodChange } from "./kubelet-init.ts";
import type { PodContext } from "./pod-context.ts";
import { clockSettings } from "./clock-settings.ts";
import { performKeyed } from "./perform-keyed.ts";
import { tendVolumes } from "./tend-volumes.ts";

/** One step of a pod: what happened, and the states before and after it. */
export interface PodTransition {
  /** The newest version of the object. */
  readonly pod: V1Pod;
  readonly event: PodEvent;
  readonly previous: PodState;
  readonly state: PodState;
}

/** The loop of one pod needs the feedback that its effects emit into beside the context that they share. */
export interface PodLoopInit {
  readonly context: PodContext;
  /** Exits and evictions: what the pod's effects tell after they are done. */
  readonly late$: Observable<PodEvent>;
  /** What the source says of the pod after its first version. */
  readonly changes$: Observable<PodChange>;
  /** What an earlier process knew of the pod. */
  readonly checkpoint?: Checkpoint;
}

/**
 * The life of one pod, until nothing of it is left: state → work → effect → event → state.
 * Unsubscribing cancels the work under way; what runs already is held by the context, whose owner disposes it.
 */
export function runPod({ context, late$, changes$, checkpoint }: PodLoopInit): Observable<PodTransition> {
  const feedback = new Subject<PodEvent>();
  const first: PodState = initialState(context.pod, context.now(), {}, checkpoint);
  const clockSetBy = clockSettings(context.kubelet.clock);
  // Seeded last: a seed before the feedback would be acted upon while nobody listens to the feedback yet.
  const events$ = merge(
    feedback,
    late$,
    changes$.pipe(map((change) => eventOf(context, change))),
    of(seed(context)),
  );
  return events$.pipe(
    // An event that an effect emits while a state is being handled waits for its turn; without the queue, `scan`
    // would be entered again before it has returned.
    observeOn(queueScheduler),
    scan<PodEvent, PodTransition, undefined>((last, event) => {
      const setBy = clockSetBy();
      const before = last?.state ?? first;
      const previous = setBy === 0 ? before : withClockSet(before, setBy);
      return { pod: context.pod, event, previous, state: transition(previous, event) };
    }, undefined),
    takeWhile(({ state }) => state.name !== "Gone", true),
    // `share` would start the first branch before the second one has subscribed.
    connect((transitions$) =>
      merge(
        transitions$,
        transitions$.pipe(
          map(({ state }) => workOf(state)),
          performKeyed((action, signal) => execute(context, action, signal)),
          tap((event) => feedback.next(event)),
          ignoreElements(),
        ),
        transitions$.pipe(
          tendVolumes(context),
          tap((event) => feedback.next(event)),
          ignoreElements(),
        ),
      ),
    ),
  );
}

/** An event that moves nothing but the time, to get the first work out of the first state. */
function seed(context: PodContext): PodEvent {
  return { type: "woke", at: context.now() };
}

function eventOf(context: PodContext, change: PodChange): PodEvent {
  context.pod = change.pod;
  const at = context.now();
  if (change.type === "removed")
    return { type: "deleted", at, gracePeriodSeconds: change.gracePeriodSeconds };
  return { type: "changed", at, pod: change.pod };
}
