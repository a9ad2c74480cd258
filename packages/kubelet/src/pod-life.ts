import { logDirOf } from "@krustlet/cri-log";
import { isWorthKeeping } from "@krustlet/pod-machine";
import type { PodEvent, PodStatus } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { Observable, Subject, Subscription } from "rxjs";

import { createCheckpointWriter } from "./checkpoint-writer.ts";
import { podKeyOf } from "./container-plan.ts";
import type { KubeletInit, PodChange, PodFailure } from "./kubelet-init.ts";
import { PodContext } from "./pod-context.ts";
import type { PodOutputs } from "./pod-context.ts";
import { removeTree } from "./remove-tree.ts";
import { runPod } from "./run-pod.ts";
import type { PodTransition } from "./run-pod.ts";
import { isStatic } from "./static-pod.ts";
import type { LivingPod, SharedParts } from "./shared-parts.ts";
import { isOverwritten, offerOf, writtenOfObject } from "./status-offer.ts";
import { createStatusWriter } from "./status-writer.ts";
import type { StatusWriter } from "./status-writer.ts";

/** Where the lives of pods are told, and which of them hold something. */
export interface PodLives {
  readonly kubelet: KubeletInit;
  readonly failed: (failure: PodFailure) => void;
  /** Everything that has to be disposed before the kubelet is gone. */
  readonly open: Set<AsyncDisposable>;
  readonly shared: SharedParts;
}

/**
 * One pod from its first version on: its loop, its status written, and at its end nothing left of it. Where the loop
 * breaks, its containers are killed, and it fails with what nobody expected.
 */
export function livePod(
  lives: PodLives,
  pod: V1Pod,
  changes$: Observable<PodChange>,
): Observable<PodTransition> {
  return new Observable((subscriber) => {
    const { kubelet, failed, open, shared } = lives;
    const late$ = new Subject<PodEvent>();
    const stop = new AbortController();
    let status: StatusWriter<PodStatus> | undefined;
    const outputs: PodOutputs = {
      emit: (event) => late$.next(event),
      fail: failed,
      statusWritten: async () => status?.settled(),
      begins: async (container, run) => checkpoints?.begin(container, run),
    };
    const { uid } = podKeyOf(pod);
    const checkpoint = shared.left.get(uid);
    shared.left.delete(uid);
    const context = new PodContext(kubelet, pod, outputs, shared);
    context.takenUp = shared.leftVolumes.delete(uid) || checkpoint !== undefined;
    const checkpoints =
      kubelet.checkpoints &&
      createCheckpointWriter({
        store: kubelet.checkpoints,
        uid,
        state: () => living.state,
        onError: (error) => failed({ pod: context.key, action: "checkpoint", error }),
      });
    const living: LivingPod = { context, state: undefined };
    kubelet.objectUsers?.register(pod);
    const isOwn = isStatic(pod);
    const { mirrors } = shared;
    let forgetMirror: (() => void) | undefined;
    if (isOwn) {
      mirrors?.began(pod);
      forgetMirror = mirrors?.onAppeared(pod, () => {
        status?.forget();
        if (living.state !== undefined) status?.offer(offerOf(living.state));
      });
    }
    shared.pods.set(context.key.uid, living);
    let closing: Promise<void> | undefined;
    // Whoever disposes the kubelet while the pod's end is under way waits for that.
    const held: AsyncDisposable = {
      [Symbol.asyncDispose]: async () => {
        if (closing !== undefined) return closing;
        await context[Symbol.asyncDispose]();
        await checkpoints?.settled().catch(() => undefined);
      },
    };
    open.add(held);
    /** Of the object as it was when its status was written last. */
    let version = pod.metadata?.resourceVersion;
    const tell = ({ event, previous, state }: PodTransition): void => {
      if (state.name === "Finished" && living.state?.name !== "Finished")
        kubelet.objectUsers?.unregister(context.key.uid);
      living.state = state;
      shared.stepped();
      if (isWorthKeeping(previous, state)) checkpoints?.changed();
      // What is not admitted yet is told with the addresses that it gets then.
      if (kubelet.writeStatus === undefined || state.name === "Registered") return;
      if (isOwn && mirrors === undefined) return;
      const offer = offerOf(state);
      status ??= createStatusWriter<PodStatus>(
        {
          clock: kubelet.clock,
          write: async (each, signal) => {
            const target = isOwn ? await mirrors?.whenThere(pod, signal) : context.pod;
            const written = await kubelet.writeStatus?.(target ?? context.pod, each, signal);
            // Of an object that is gone there is none, and nothing to be written again.
            version = versionOf(written);
          },
          isOverwritten: (each) => !isOwn && isOverwritten(context.pod, version, each),
          onError: (error) => failed({ pod: context.key, action: "status", error }),
        },
        writtenOfObject(pod.status, offer),
        stop.signal,
      );
      if (event.type === "changed") status.look(offer);
      status.offer(offer);
    };
    /** Why its loop has ended, and the pod has not. */
    let broken: { readonly error: unknown } | undefined;
    const leave = (): void => {
      const newest = checkpoints?.newest();
      if (newest !== undefined) shared.left.set(uid, newest);
    };
    const close = async (): Promise<void> => {
      forgetMirror?.();
      // Nobody reads what a mirror says that is to be deleted.
      if (isOwn) {
        mirrors?.ended(pod);
        stop.abort();
      }
      await status?.close();
      try {
        await context[Symbol.asyncDispose]();
        if (broken !== undefined) leave();
        else {
          await removeTree(logDirOf(kubelet.rootDir, context.key));
          await checkpoints?.remove();
        }
      } catch (error) {
        failed({ pod: context.key, action: "unmount", error });
      }
      shared.pods.delete(context.key.uid);
      kubelet.objectUsers?.unregister(context.key.uid);
      open.delete(held);
    };
    const loop = new Subscription();
    subscriber.add(loop);
    subscriber.add(() => stop.abort());
    const end = (): void => {
      closing = close();
      closing.then(
        () => (broken === undefined ? subscriber.complete() : subscriber.error(broken.error)),
        (error: unknown) => subscriber.error(error),
      );
    };
    const fall = (error: unknown): void => {
      broken = { error };
      end();
    };
    const next = (step: PodTransition): void => {
      try {
        tell(step);
      } catch (error) {
        loop.unsubscribe();
        return fall(error);
      }
      subscriber.next(step);
    };
    loop.add(
      runPod({ context, late$, changes$, checkpoint }).subscribe({ next, error: fall, complete: end }),
    );
  });
}

/** The version that the API server has made of an object, if it has answered with one. */
function versionOf(written: unknown): string | undefined {
  if (typeof written !== "object" || written === null || !("metadata" in written)) return undefined;
  return (written as V1Pod).metadata?.resourceVersion;
}
