import { merge, Subject, Subscription } from "rxjs";
import type { Observable } from "rxjs";

import { byName } from "./by-name.ts";
import type { KubeletInit, PodFailure } from "./kubelet-init.ts";
import { livePod } from "./pod-life.ts";
import type { PodLives } from "./pod-life.ts";
import type { PodTransition } from "./run-pod.ts";

/**
 * A running kubelet. Disposing cancels all work, kills every container and waits until nothing runs; volumes stay on
 * disk, as they do when a node is started anew. To stop pods gracefully, let their source remove them first.
 */
export interface Kubelet extends AsyncDisposable {
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
  const lives: PodLives = { kubelet: init, open, failed: (failure) => failures$.next(failure) };

  const steps$ = merge(...init.sources).pipe(byName((first, rest$) => livePod(lives, first.pod, rest$)));

  const running = new Subscription();
  queueMicrotask(() => {
    if (running.closed) return;
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
    [Symbol.asyncDispose]: async () => {
      running.unsubscribe();
      await Promise.all([...open].map((each) => each[Symbol.asyncDispose]()));
      transitions$.complete();
      failures$.complete();
    },
  };
}
