import type { Cancellable } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";
import { catchError, EMPTY, filter, merge, Subject, Subscription, tap } from "rxjs";
import type { Observable } from "rxjs";

import { byName } from "./by-name.ts";
import { podKeyOf } from "./container-plan.ts";
import { evictPod } from "./evict-pod.ts";
import type { Eviction } from "./evict-pod.ts";
import type { CheckpointStore } from "./checkpoint-directory.ts";
import type { KubeletInit, PodChange, PodFailure, SourceChange } from "./kubelet-init.ts";
import { lastingLife } from "./lasting-life.ts";
import { readLeftPods } from "./left-pods.ts";
import type { LeftPods } from "./left-pods.ts";
import { createMirrorKeeper } from "./mirror-keeper.ts";
import { sweepOrphans } from "./orphan-sweep.ts";
import type { ShutdownPeriod } from "./plan-shutdown.ts";
import type { PodLives } from "./pod-life.ts";
import { podViews } from "./pod-views.ts";
import type { PodViews } from "./pod-views.ts";
import type { PodTransition } from "./run-pod.ts";
import { createSharedParts } from "./shared-parts.ts";
import { shutDown } from "./shut-down.ts";
import { createSourceSync } from "./source-sync.ts";
import { isMirror } from "./static-pod.ts";

/**
 * A running kubelet. Disposing cancels all work, kills every container and waits until nothing runs; volumes, logs and
 * checkpoints stay on disk, and the next process takes the pods up. To stop pods gracefully, let their source remove
 * them first.
 */
export interface Kubelet extends PodViews, AsyncDisposable {
  /** Every step of every pod. Hot; whoever subscribes synchronously after the start misses nothing. */
  readonly transitions$: Observable<PodTransition>;
  /** Whatever did not work. Hot, too. */
  readonly failures$: Observable<PodFailure>;
  /**
   * Ends all pods because the node goes down: the lowest priority first, each within its own grace period and that of
   * its priority. They fail with `Terminated`, and pods that come meanwhile are rejected with `NodeShutdown`. Resolves
   * when all have ended and said so, or their time is over; disposing kills the rest. Without it pods stay wanted, and
   * the next process takes them up.
   */
  shutDown(periods: readonly ShutdownPeriod[]): Promise<void>;
  /**
   * Ends a pod for the node's sake: it fails with the reason and the message, and the condition `DisruptionTarget`.
   * Resolves when nothing of it is left but its status, or it takes half a minute more than it has been given; for one that
   * is not there, or has ended, at once.
   */
  evict(uid: string, eviction: Eviction, options?: Cancellable): Promise<void>;
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
  const stop = new AbortController();
  const { clock } = init;
  const shared = createSharedParts(
    init,
    init.mirrors && createMirrorKeeper(init.mirrors, { clock, failed, signal: stop.signal }),
  );
  const lives: PodLives = { kubelet: init, open, failed, shared };

  /** What nobody expected of one pod is no end of the others. */
  const alone = (pod: V1Pod, life$: Observable<PodTransition>): Observable<PodTransition> =>
    life$.pipe(
      catchError((error: unknown) => {
        failed({ pod: podKeyOf(pod), action: "run", error });
        return EMPTY;
      }),
    );
  const running = new Subscription();
  const begin = (left?: LeftPods): void => {
    if (running.closed) return;
    const sync = createSourceSync(init.sources.length, (uids) => {
      // Pods that went meanwhile are among them, since they may not have ended yet.
      void init.devices?.retain(uids);
      // One of the same UID that comes later is another: a static pod whose manifest is put back.
      for (const uid of shared.left.keys()) if (!uids.has(uid)) shared.left.delete(uid);
      for (const uid of shared.leftVolumes) if (!uids.has(uid)) shared.leftVolumes.delete(uid);
      if (left !== undefined) void sweepOrphans(init, left, uids, { failed, signal: stop.signal });
      shared.mirrors?.synced();
    });
    const sources = init.sources.map((source$, index) =>
      source$.pipe(
        tap((change) => sync.told(index, change)),
        filter(isPodChange),
        // Shown for a static pod, and never run.
        filter((change) => {
          if (!isMirror(change.pod)) return true;
          shared.mirrors?.told(change);
          return false;
        }),
      ),
    );
    running.add(init.objectsChanged$?.subscribe((object) => shared.refreshes.changed(object ?? undefined)));
    running.add(
      merge(...sources)
        .pipe(byName(({ pod }, rest$) => alone(pod, lastingLife(lives, pod, rest$))))
        .subscribe({
          next: (step) => transitions$.next(step),
          error: (error: unknown) => transitions$.error(error),
        }),
    );
  };
  const takeUp = async (store: CheckpointStore): Promise<void> => {
    const left = await readLeftPods(store, init.leftVolumes).catch((error: unknown) => {
      failed({ pod: { namespace: "", name: "", uid: "" }, action: "checkpoint", error });
      return NOTHING_LEFT;
    });
    for (const [uid, checkpoint] of left.checkpoints) shared.left.set(uid, checkpoint);
    for (const [uid, error] of left.broken)
      failed({ pod: { namespace: "", name: "", uid }, action: "checkpoint", error });
    for (const uid of left.volumes) shared.leftVolumes.add(uid);
    begin(left);
  };
  if (init.checkpoints === undefined) queueMicrotask(() => begin());
  else void takeUp(init.checkpoints);

  return {
    transitions$: transitions$.asObservable(),
    failures$: failures$.asObservable(),
    ...podViews(shared, init.rootDir),
    shutDown: (periods) => shutDown(shared, periods, clock),
    evict: (uid, eviction, options) =>
      evictPod(shared.pods.get(uid), eviction, { shared, clock, rootDir: init.rootDir }, options),
    [Symbol.asyncDispose]: async () => {
      running.unsubscribe();
      stop.abort();
      await Promise.all([...open].map((each) => each[Symbol.asyncDispose]()));
      transitions$.complete();
      failures$.complete();
    },
  };
}

const NOTHING_LEFT: LeftPods = { checkpoints: new Map(), broken: new Map(), volumes: new Set() };

function isPodChange(change: SourceChange): change is PodChange {
  return change.type !== "synced";
}
