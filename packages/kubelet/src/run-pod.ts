import { initialState, transition, withClockSet, workOf } from "@krustlet/pod-machine";
import type { Checkpoint, PodAction, PodEvent, PodState } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { Observable } from "rxjs";

import { clockSettings } from "./clock-settings.ts";
import { execute } from "./execute.ts";
import { keyedWork } from "./keyed-work.ts";
import type { PodChange } from "./kubelet-init.ts";
import type { PodContext } from "./pod-context.ts";
import { tendVolumes } from "./tend-volumes.ts";

/** One step of a pod: what happened, and the states before and after it. */
export interface PodTransition {
  /** The newest version of the object. */
  readonly pod: V1Pod;
  readonly event: PodEvent;
  readonly previous: PodState;
  readonly state: PodState;
}

/** The loop of one pod needs what comes from outside of it beside the context that its effects share. */
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
 * The life of one pod, until nothing of it is left: event → state → work → effect → event. A loop by hand, because
 * thousands of pods sleep in it: a chain of operators for each would take more memory than all that they hold.
 * Unsubscribing cancels the work under way; what runs already is held by the context, whose owner disposes it.
 */
export function runPod({ context, late$, changes$, checkpoint }: PodLoopInit): Observable<PodTransition> {
  return new Observable((subscriber) => {
    const { clock, maxRestartDelayMs } = context.kubelet;
    const clockSetBy = clockSettings(clock);
    let state: PodState = initialState(context.pod, context.now(), { maxRestartDelayMs }, checkpoint);
    const waiting: PodEvent[] = [];
    let isStepping = false;
    /** What comes while a step is being taken waits for its turn. */
    const take = (event: PodEvent): void => {
      waiting.push(event);
      if (isStepping) return;
      isStepping = true;
      try {
        for (let next = waiting.shift(); next !== undefined && !subscriber.closed; next = waiting.shift()) {
          step(next);
        }
      } catch (error) {
        subscriber.error(error);
      } finally {
        isStepping = false;
      }
    };
    const work = keyedWork<PodAction, PodEvent>({
      perform: (action, signal) => execute(context, action, signal),
      done: take,
      failed: (error) => subscriber.error(error),
    });
    const volumes = tendVolumes(context, take);
    const step = (event: PodEvent): void => {
      const setBy = clockSetBy();
      const previous = setBy === 0 ? state : withClockSet(state, setBy);
      state = transition(previous, event);
      const taken = { pod: context.pod, event, previous, state };
      subscriber.next(taken);
      if (subscriber.closed) return;
      work.want(workOf(state));
      volumes.tend(taken);
      if (state.name === "Gone") subscriber.complete();
    };
    subscriber.add(() => {
      work.cancel();
      volumes.end();
    });
    subscriber.add(late$.subscribe(take));
    subscriber.add(changes$.subscribe((change) => take(eventOf(context, change))));
    // An event that moves nothing but the time, to get the first work out of the first state.
    take({ type: "woke", at: context.now() });
  });
}

function eventOf(context: PodContext, change: PodChange): PodEvent {
  context.pod = change.pod;
  const at = context.now();
  if (change.type === "removed")
    return { type: "deleted", at, gracePeriodSeconds: change.gracePeriodSeconds };
  return { type: "changed", at, pod: change.pod };
}
