import type { Checkpoint } from "./checkpoint.ts";
import { conditionTimesOf } from "./conditions.ts";
import type { Container, ContainerKind } from "./container-graph.ts";
import { containerLeft } from "./container-left.ts";
import { specFor } from "./container-spec.ts";
import { stopped, undone } from "./end-pod.ts";
import { terminationAt } from "./pod-facts.ts";
import type { MachineOptions, PodFacts, PodState } from "./pod-graph.ts";
import type { ContainerLike, PodLike, PodStatusLike } from "./pod-like.ts";
import type { PodPhase } from "./pod-status.ts";
import { qosClassOf } from "./qos.ts";
import { transition } from "./transition.ts";

/**
 * The state of a pod that was just seen, at `now`. What its status tells is taken up: start time, restart counts,
 * exits; a container that it says is running is one that was lost with the process that ran it. A pod whose phase is
 * final (on the object or, where the last status was not written any more, in our own checkpoint of it), or whose containers have all ended for good, is `Unmounting`: what an earlier process made of it is undone.
 */
export function initialState(
  pod: PodLike,
  now: Date,
  options: MachineOptions = {},
  checkpoint?: Checkpoint,
): PodState {
  const status = pod.status ?? {};
  const own = checkpoint !== undefined && checkpoint.uid === pod.metadata?.uid ? checkpoint : undefined;
  const facts: PodFacts = {
    pod,
    options,
    startTime: status.startTime ?? own?.startTime ?? now,
    phase: phaseLeft(status.phase, own),
    qosClass: qosClassOf(pod),
    containers: containersOf(pod, now, options, own),
    conditionTimes: conditionTimesOf(status.conditions),
    deleted: false,
    hostIPs: status.hostIPs?.map(({ ip }) => ip) ?? (status.hostIP === undefined ? [] : [status.hostIP]),
    podIPs: status.podIPs?.map(({ ip }) => ip) ?? (status.podIP === undefined ? [] : [status.podIP]),
  };
  const state =
    own?.ending === undefined ? stateLeft(facts, status, own, now) : endedBy(own.ending, facts, now);
  return transition(state, { type: "changed", pod, at: now });
}

/** A phase that is final on the object is final; else ours is newer. */
function stateLeft(
  facts: PodFacts,
  { phase, reason, message, containerStatuses = [] }: PodStatusLike,
  own: Checkpoint | undefined,
  now: Date,
): PodState {
  if (phase === "Succeeded" || phase === "Failed") {
    const outcome = { phase, reason, message, rejected: containerStatuses.length === 0 } as const;
    return { name: "Unmounting", facts: stopped(facts, now), outcome, attempt: 1 };
  }
  if (own?.outcome === undefined) return { name: "Registered", facts };
  return { name: "Unmounting", facts: stopped(facts, now), outcome: own.outcome, attempt: 1 };
}

function endedBy(ending: NonNullable<Checkpoint["ending"]>, facts: PodFacts, now: Date): PodState {
  return undone(facts, terminationAt(now, 0, ending));
}

function phaseLeft(told: string | undefined, own: Checkpoint | undefined): PodPhase {
  const phase = told === "Succeeded" || told === "Failed" ? told : (own?.outcome?.phase ?? told);
  return phase === "Running" || phase === "Succeeded" || phase === "Failed" ? phase : "Pending";
}

function containersOf(
  pod: PodLike,
  now: Date,
  options: MachineOptions,
  checkpoint: Checkpoint | undefined,
): readonly Container[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const build = (spec: ContainerLike, kind: ContainerKind): Container => {
    const isIt = ({ name }: { readonly name: string }): boolean => name === spec.name;
    const { maxRestartDelayMs } = options;
    const facts = { name: spec.name, kind, spec: specFor(spec, options), maxRestartDelayMs };
    const left = { status: statuses.find(isIt), kept: checkpoint?.containers.find(isIt) };
    return containerLeft(facts, left, pod.spec?.restartPolicy, now);
  };
  return [
    ...(pod.spec?.initContainers ?? []).map((spec) =>
      build(spec, spec.restartPolicy === "Always" ? "sidecar" : "init"),
    ),
    ...(pod.spec?.containers ?? []).map((spec) => build(spec, "regular")),
  ];
}
