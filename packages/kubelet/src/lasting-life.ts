import type { Clock } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";
import { concat, defer, finalize, of, race, retry, take, throwError } from "rxjs";
import type { Observable } from "rxjs";

import { podKeyOf } from "./container-plan.ts";
import { fromAbortable } from "./from-abortable.ts";
import type { PodChange } from "./kubelet-init.ts";
import { livePod } from "./pod-life.ts";
import type { PodLives } from "./pod-life.ts";
import type { PodTransition } from "./run-pod.ts";

/** How long a pod whose loop broke is left alone if nothing of it changes: as the kubelet does it after an error. */
const AGAIN_MS = 10_000;

/**
 * A pod's life, begun again where its loop broke: after ten seconds, or with its next change. One that is wanted no more
 * is begun once more, so that nothing of it stays. Fails with what broke it where it is not begun again: then, and where
 * no checkpoints tell what has run.
 */
export function lastingLife(
  lives: PodLives,
  pod: V1Pod,
  changes$: Observable<PodChange>,
): Observable<PodTransition> {
  const { kubelet, failed } = lives;
  return defer(() => {
    let newest: PodChange = { type: "added", pod };
    let isLast = kubelet.checkpoints === undefined;
    const watching = changes$.subscribe((change) => {
      newest = change;
    });
    const life$ = defer(() => {
      if (newest.type !== "removed") return livePod(lives, newest.pod, changes$);
      isLast = true;
      return livePod(lives, newest.pod, concat(of(newest), changes$));
    });
    return life$.pipe(
      retry({
        delay: (error: unknown) => {
          if (isLast) return throwError(() => error);
          failed({ pod: podKeyOf(pod), action: "run", error });
          return race(pause(kubelet.clock), changes$.pipe(take(1)));
        },
      }),
      finalize(() => watching.unsubscribe()),
    );
  });
}

function pause(clock: Clock): Observable<unknown> {
  return fromAbortable(async (emit, signal) => {
    await clock.sleep(AGAIN_MS, { signal });
    emit(true);
  });
}
