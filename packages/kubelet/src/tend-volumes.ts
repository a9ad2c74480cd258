import { objectsNamedBy } from "@krustlet/environment";
import { hasStorageLimit } from "@krustlet/eviction";
import type { StorageExcess } from "@krustlet/eviction";
import type { ObjectKey } from "@krustlet/interface";
import type { PodEvent } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { concatMap, filter, map, merge, Subject } from "rxjs";
import type { Observable, Subscription } from "rxjs";

import { evictOverLimit } from "./evict-over-limit.ts";
import { fromAbortable } from "./from-abortable.ts";
import { limitStorage } from "./limit-storage.ts";
import { RUNTIME_CLASS } from "./object-refreshes.ts";
import type { PodContext } from "./pod-context.ts";
import type { PodTransition } from "./run-pod.ts";

/** How often the kubelet looks whether a volume is over its limit. */
const USAGE_INTERVAL_MS = 10_000;
/** The same for a pod with volumes in memory, which fill faster than a disk and are the host's. */
const MEMORY_USAGE_INTERVAL_MS = 1_000;
/** How often it brings ConfigMaps, Secrets and the like up to date where nobody tells that they changed. */
const REFRESH_INTERVAL_MS = 60_000;
/** The same after one that failed, which no change may ever mend. */
const RETRY_INTERVAL_MS = 60_000;
const SHORTEST_INTERVAL_MS = 1_000;

/** What is done for a pod's volumes as long as it is in certain states. */
interface Task {
  readonly wanted: (step: PodTransition) => boolean;
  readonly begin: () => Observable<PodEvent>;
  work?: Subscription;
}

/** What is done for a pod's volumes, step by step. */
export interface TendedVolumes {
  /** To be told of each step. */
  tend(step: PodTransition): void;
  /** Ends whatever is under way. */
  end(): void;
}

const NOTHING_TO_TEND: TendedVolumes = { tend: () => undefined, end: () => undefined };

/**
 * While the pod runs: keeps its volumes up to date, and evicts it when one of them, or all that it writes to the
 * node's disk, outgrows its limit. What a pod does not need costs nothing: there are thousands of pods.
 */
export function tendVolumes(context: PodContext, emit: (event: PodEvent) => void): TendedVolumes {
  const relabelled$ = new Subject<ObjectKey>();
  const tasks = tasksOf(context, relabelled$);
  if (tasks.length === 0) return NOTHING_TO_TEND;
  const { namespace, name } = context.key;
  let seen = context.pod;
  return {
    tend: (step) => {
      for (const task of tasks) {
        const wanted = task.wanted(step);
        if (wanted === (task.work !== undefined)) continue;
        task.work?.unsubscribe();
        task.work = wanted ? task.begin().subscribe(emit) : undefined;
      }
      if (isRelabelled(seen, step.pod)) relabelled$.next({ kind: "Pod", namespace, name });
      seen = step.pod;
    },
    end: () => {
      for (const task of tasks) {
        task.work?.unsubscribe();
        task.work = undefined;
      }
    },
  };
}

function tasksOf(context: PodContext, relabelled$: Observable<ObjectKey>): readonly Task[] {
  const { pod } = context;
  const tasks: Task[] = [];
  const isRunning = ({ state }: PodTransition): boolean => state.name === "Running";
  if (hasSizeLimit(pod)) tasks.push({ wanted: isRunning, begin: () => evictions(context) });
  if (hasStorageLimit(pod)) tasks.push({ wanted: isRunning, begin: () => limitStorage(context) });
  if (hasRefreshable(pod)) {
    tasks.push({ wanted: isRunning, begin: () => refreshes(context) });
    // A change while volumes are being made counts as soon as they are.
    const isMade = (step: PodTransition): boolean => isRunning(step) || step.state.name === "Mounting";
    tasks.push({ wanted: isMade, begin: () => changes(context, relabelled$) });
  }
  if (objectsNamedBy(pod).length > 0 || pod.spec?.runtimeClassName)
    tasks.push({ wanted: isWaiting, begin: () => retries(context) });
  return tasks;
}

/** Whether something of the pod failed that an object's change may mend. */
function isWaiting({ state }: PodTransition): boolean {
  if (state.name === "Mounting") return state.failure !== undefined;
  return (
    state.name === "Running" && state.facts.containers.some((each) => each.state.name === "StartBackOff")
  );
}

/** What failed is tried again when an object that the pod names changes, not only when its back-off is over. */
function retries({ kubelet, pod, shared }: PodContext): Observable<PodEvent> {
  return shared.refreshes
    .changesFor(pod)
    .pipe(map((): PodEvent => ({ type: "objectChanged", at: kubelet.clock.now() })));
}

function evictions(context: PodContext): Observable<PodEvent> {
  const inMemory = context.pod.spec?.volumes?.some(({ emptyDir }) => emptyDir?.medium === "Memory");
  const intervalMs = inMemory === true ? MEMORY_USAGE_INTERVAL_MS : USAGE_INTERVAL_MS;
  return evictOverLimit(context, intervalMs, () => overLimit(context));
}

async function overLimit(context: PodContext): Promise<StorageExcess | undefined> {
  const volumes = await context.mounting;
  const usage = (await volumes?.usage()) ?? [];
  const over = usage.find(({ bytes, limit }) => limit !== undefined && bytes > limit);
  if (over === undefined) return undefined;
  const spec = context.pod.spec?.volumes?.find(({ name }) => name === over.volume);
  const limit = spec?.emptyDir?.sizeLimit ?? String(over.limit);
  const message = `Usage of EmptyDir volume "${over.volume}" exceeds the limit "${limit}". `;
  return { message, signal: "emptydirfs.limit" };
}

/** Whatever time brings: the minute where nobody tells of changes, tokens to renew. */
function refreshes(context: PodContext): Observable<PodEvent> {
  return fromAbortable<PodEvent>(async (_emit, signal) => {
    const { clock, objectsChanged$ } = context.kubelet;
    for (let done = true; ; done = await refresh(context, undefined, signal)) {
      const wait = objectsChanged$ === undefined ? REFRESH_INTERVAL_MS : Number.POSITIVE_INFINITY;
      const due = (await context.mounting)?.nextRefresh?.()?.getTime() ?? Number.POSITIVE_INFINITY;
      const ms = Math.min(done ? wait : RETRY_INTERVAL_MS, due - clock.now().getTime());
      if (ms === Number.POSITIVE_INFINITY) return;
      await clock.sleep(Math.max(SHORTEST_INTERVAL_MS, ms), { signal });
    }
  });
}

/** What others change: the objects that the volumes are made of, and the pod's own labels and annotations. */
function changes(context: PodContext, relabelled$: Observable<ObjectKey>): Observable<PodEvent> {
  // One after the other, and none in place of another: each looks at other volumes.
  return merge(relabelled$, context.shared.refreshes.changesFor(context.pod)).pipe(
    filter((changed) => changed?.kind !== RUNTIME_CLASS),
    concatMap((changed) =>
      fromAbortable<PodEvent>(async (_emit, signal) => {
        await refresh(context, changed, signal);
      }),
    ),
  );
}

function isRelabelled(before: V1Pod, after: V1Pod): boolean {
  if (before === after) return false;
  const seen = ({ metadata }: V1Pod): string => JSON.stringify([metadata?.labels, metadata?.annotations]);
  return seen(before) !== seen(after);
}

/** Tells whether it went well. */
async function refresh(
  context: PodContext,
  changed: ObjectKey | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const volumes = await context.mounting;
    await context.shared.mounts(async () => volumes?.refresh(context.pod, { signal, changed }), { signal });
    return true;
  } catch (error) {
    if (!signal.aborted) context.outputs.fail({ pod: context.key, action: "refresh", error });
    return false;
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
