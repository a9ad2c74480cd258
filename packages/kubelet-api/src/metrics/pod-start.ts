import type { PodEvent, PodState } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";

/** One step of a pod, as the kubelet tells it. */
export interface PodStep {
  readonly pod: V1Pod;
  readonly event: PodEvent;
  readonly previous: PodState;
  readonly state: PodState;
}

/** What is known of a pod that is on its way to run. */
export interface PodStarting {
  readonly seenAt: Date;
  /** Images being pulled, by container, and since when. */
  readonly pulling: ReadonlyMap<string, Date>;
  /** When images were pulled. */
  readonly pulls: readonly Span[];
  readonly initMs: number;
}

interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** How long a pod took to start, in seconds. */
export interface PodStart {
  /** Since it was created. */
  readonly total: number;
  /** Since it was created, without pulling images and without init containers; absent for pods with lasting volumes. */
  readonly sli?: number;
  /** Since the kubelet saw it first. */
  readonly seen: number;
}

/**
 * Follows a pod until all of its containers have started: what is known after a step, and at that very step how long it
 * took. Undefined is known of a pod that is no longer followed; one that has run before is not followed at all.
 */
export function followPodStart(
  known: PodStarting | undefined,
  { pod, event, previous, state }: PodStep,
): { readonly known?: PodStarting; readonly start?: PodStart } {
  const before = known ?? beginningOf(previous, event.at);
  if (before === undefined) return {};
  const now = advance(before, event, state);
  if (!regular(state).every(hasRun)) {
    return regular(state).length === 0 || "outcome" in state ? {} : { known: now };
  }
  return { start: startOf(pod, now, event.at) };
}

function beginningOf(previous: PodState, at: Date): PodStarting | undefined {
  const isNew = previous.name === "Registered" && !previous.facts.containers.some(hasRun);
  return isNew ? { seenAt: at, pulling: new Map(), pulls: [], initMs: 0 } : undefined;
}

function advance(known: PodStarting, event: PodEvent, state: PodState): PodStarting {
  if (event.type === "pulling") {
    return { ...known, pulling: new Map(known.pulling).set(event.container, event.at) };
  }
  if (event.type === "pulled" || event.type === "pullFailed") {
    const pulling = new Map(known.pulling);
    const from = pulling.get(event.container);
    pulling.delete(event.container);
    const pulls = from === undefined ? known.pulls : [...known.pulls, { from, to: event.at }];
    return { ...known, pulling, pulls };
  }
  if (event.type === "exited" && isInit(state, event.container)) {
    return { ...known, initMs: known.initMs + event.finishedAt.getTime() - event.startedAt.getTime() };
  }
  return known;
}

function startOf(pod: V1Pod, known: PodStarting, at: Date): PodStart {
  const createdAt = new Date(pod.metadata?.creationTimestamp ?? known.seenAt);
  const total = at.getTime() - createdAt.getTime();
  const sli = total - durationOf(known.pulls) - known.initMs;
  return {
    total: seconds(total),
    sli: isStateful(pod) ? undefined : seconds(sli),
    seen: seconds(at.getTime() - known.seenAt.getTime()),
  };
}

/** How long at least one of them went on. */
function durationOf(spans: readonly Span[]): number {
  let end = 0;
  let sum = 0;
  for (const { from, to } of spans.toSorted((a, b) => a.from.getTime() - b.from.getTime())) {
    sum += Math.max(0, to.getTime() - Math.max(from.getTime(), end));
    end = Math.max(end, to.getTime());
  }
  return sum;
}

/** Creation times have no fractions of a second, so that a pod may have started before it was created. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1000;
}

const PASSING_VOLUMES = ["configMap", "secret", "emptyDir", "projected", "downwardAPI", "name"];

function isStateful({ spec }: V1Pod): boolean {
  return (spec?.volumes ?? []).some((volume) =>
    Object.entries(volume).some(([kind, source]) => source !== undefined && !PASSING_VOLUMES.includes(kind)),
  );
}

type Container = PodState["facts"]["containers"][number];

function regular({ facts }: PodState): readonly Container[] {
  return facts.containers.filter(({ kind }) => kind === "regular");
}

function isInit({ facts }: PodState, name: string): boolean {
  return facts.containers.some((each) => each.name === name && each.kind === "init");
}

function hasRun({ exits, state }: Container): boolean {
  return exits > 0 || "containerID" in state;
}
