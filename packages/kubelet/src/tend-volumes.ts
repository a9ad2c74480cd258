import type { PodEvent } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { distinctUntilChanged, EMPTY, map, merge, switchMap } from "rxjs";
import type { OperatorFunction } from "rxjs";

import { fromAbortable } from "./from-abortable.ts";
import type { PodContext } from "./pod-context.ts";
import type { PodTransition } from "./run-pod.ts";

/** How often the kubelet looks whether a volume is over its limit. */
const USAGE_INTERVAL_MS = 10_000;
/** The same for a pod with volumes in memory, which fill faster than a disk and are the host's. */
const MEMORY_USAGE_INTERVAL_MS = 1_000;
/** How often it brings ConfigMaps, Secrets and the like up to date. */
const REFRESH_INTERVAL_MS = 60_000;

/** While the pod runs: keeps its volumes up to date, and evicts it when one of them outgrows its limit. */
export function tendVolumes(context: PodContext): OperatorFunction<PodTransition, PodEvent> {
  return (transitions$) =>
    merge(
      transitions$.pipe(
        map(({ state }) => state.name === "Running" && hasSizeLimit(context.pod)),
        distinctUntilChanged(),
        switchMap((watched) => (watched ? evictions(context) : EMPTY)),
      ),
      transitions$.pipe(
        map(({ state, pod }) => (state.name === "Running" && hasRefreshable(pod) ? pod : undefined)),
        distinctUntilChanged(),
        switchMap((pod) => (pod === undefined ? EMPTY : refreshes(context, pod))),
      ),
    );
}

function evictions(context: PodContext): ReturnType<typeof fromAbortable<PodEvent>> {
  return fromAbortable<PodEvent>(async (emit, signal) => {
    const { clock } = context.kubelet;
    const inMemory = context.pod.spec?.volumes?.some(({ emptyDir }) => emptyDir?.medium === "Memory");
    for (;;) {
      await clock.sleep(inMemory === true ? MEMORY_USAGE_INTERVAL_MS : USAGE_INTERVAL_MS, { signal });
      const message = await overLimit(context);
      if (signal.aborted) return;
      if (message !== undefined) {
        emit({ type: "evicted", at: clock.now(), reason: "Evicted", message });
        return;
      }
    }
  });
}

async function overLimit(context: PodContext): Promise<string | undefined> {
  try {
    const volumes = await context.mounting;
    const usage = (await volumes?.usage()) ?? [];
    const over = usage.find(({ bytes, limit }) => limit !== undefined && bytes > limit);
    if (over === undefined) return undefined;
    const spec = context.pod.spec?.volumes?.find(({ name }) => name === over.volume);
    const limit = spec?.emptyDir?.sizeLimit ?? String(over.limit);
    return `Usage of EmptyDir volume "${over.volume}" exceeds the limit "${limit}". `;
  } catch (error) {
    context.outputs.fail({ pod: context.key, action: "mount", error });
    return undefined;
  }
}

function refreshes(context: PodContext, pod: V1Pod): ReturnType<typeof fromAbortable<PodEvent>> {
  return merge(
    fromAbortable<PodEvent>(async (_emit, signal) => {
      for (;;) {
        await refresh(context, pod, signal);
        await context.kubelet.clock.sleep(REFRESH_INTERVAL_MS, { signal });
      }
    }),
    (context.kubelet.objectsChanged$ ?? EMPTY).pipe(
      switchMap(() => fromAbortable<PodEvent>((_emit, signal) => refresh(context, pod, signal))),
    ),
  );
}

async function refresh(context: PodContext, pod: V1Pod, signal: AbortSignal): Promise<void> {
  try {
    const volumes = await context.mounting;
    await volumes?.refresh(pod, { signal });
  } catch (error) {
    if (!signal.aborted) context.outputs.fail({ pod: context.key, action: "mount", error });
  }
}

function hasSizeLimit(pod: V1Pod): boolean {
  return pod.spec?.volumes?.some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ?? false;
}

function hasRefreshable(pod: V1Pod): boolean {
  return (
    pod.spec?.volumes?.some(
      ({ configMap, secret, downwardAPI, projected }) => configMap ?? secret ?? downwardAPI ?? projected,
    ) ?? false
  );
}
