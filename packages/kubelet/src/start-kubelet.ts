import { filter, merge, Subject, Subscription } from "rxjs";
import type { Observable } from "rxjs";

import { byName } from "./by-name.ts";
import type { KubeletInit, PodChange, PodFailure, SourceChange } from "./kubelet-init.ts";
import { livePod } from "./pod-life.ts";
import type { PodLives } from "./pod-life.ts";
import { podViews } from "./pod-views.ts";
import type { PodViews } from "./pod-views.ts";
import type { PodTransition } from "./run-pod.ts";
import { createSharedParts } from "./shared-parts.ts";

/**
 * A running kubelet. Disposing cancels all work, kills every container and waits until nothing runs; volumes stay on
 * disk, as they do when a node is started anew. To stop pods gracefully, let their source remove them first.
 */
export interface Kubelet extends PodViews, AsyncDisposable {
  /** Every step of every pod. Hot; whoever subscribes synchronously after the start misses nothing. */
  readonly transitions$: Observable<PodTransition>;
  /** Whatever did not work. Hot, too. */
  readonly failures$: Observable<PodFailure>;
}

/**
 * Runs the pods of all sources. Pods of one name run one after the other: a replacement (same name, new UID) begins
 * when nothing of its predecessor is left.
 */
export function startKubelet(init: KubeletInit): Kubelet {
  const transitions$ = new Subject<PodTransition>();
  const failures$ = new Subject<PodFailure>();
  const open = new Set<AsyncDisposable>();
  const failed = (failure: PodFailure): void => failures$.next(failure);
  const shared = createSharedParts(init);
  const lives: PodLives = { kubelet: init, open, failed, shared };

  const changes$ = merge(...init.sources).pipe(filter(isPodChange));
  const steps$ = changes$.pipe(byName((first, rest$) => livePod(lives, first.pod, rest$)));

  const running = new Subscription();
  queueMicrotask(() => {
    if (running.closed) return;
    running.add(init.objectsChanged$?.subscribe((object) => shared.refreshes.changed(object ?? undefined)));
    running.add(
      steps$.subscribe({
        next: (step) => transitions$.next(step),
        error: (error: unknown) => transitions$.error(error),
      }),
    );
  });

  return {
    transitions$: transitions$.asObservable(),
    failures$: failures$.asObservable(),
    ...podViews(shared, init.rootDir),
    [Symbol.asyncDispose]: async () => {
      running.unsubscribe();
      await Promise.all([...open].map((each) => each[Symbol.asyncDispose]()));
      transitions$.complete();
      failures$.complete();
    },
  };
}

function isPodChange(change: SourceChange): change is PodChange {
  return change.type !== "synced";
}
