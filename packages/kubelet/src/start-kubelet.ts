import { statusOf } from "@krustlet/pod-machine";
import type { PodState } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { filter, merge, Subject, Subscription } from "rxjs";
import type { Observable } from "rxjs";

import { byName } from "./by-name.ts";
import type { KubeletInit, PodChange, PodFailure, SourceChange } from "./kubelet-init.ts";
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
  /** The pods that this kubelet knows, with their newest status. */
  pods(): readonly V1Pod[];
  /** Those of them of which a container runs. */
  runningPods(): readonly V1Pod[];
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
  const lives: PodLives = { kubelet: init, open, failed, pods: new Map() };

  const changes$ = merge(...init.sources).pipe(filter(isPodChange));
  const steps$ = changes$.pipe(byName((first, rest$) => livePod(lives, first.pod, rest$)));

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
    pods: () => [...lives.pods.values()].map(({ context, state }) => withStatus(context.pod, state)),
    runningPods: () =>
      [...lives.pods.values()].flatMap(({ context, state }) =>
        context.containers.size > 0 ? [withStatus(context.pod, state)] : [],
      ),
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

function withStatus(pod: V1Pod, state: PodState | undefined): V1Pod {
  if (state === undefined) return pod;
  const { apiVersion = "v1", kind = "Pod", metadata, spec } = pod;
  return { apiVersion, kind, metadata, spec, status: Object.assign({}, pod.status, statusOf(state)) };
}
