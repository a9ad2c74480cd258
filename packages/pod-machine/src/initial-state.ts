import { conditionTimesOf } from "./conditions.ts";
import type { Container, ContainerExitRecord, ContainerKind } from "./container-graph.ts";
import { exitOf } from "./container-moves.ts";
import { specFor } from "./container-spec.ts";
import { stopped } from "./end-pod.ts";
import type { MachineOptions, PodFacts, PodState } from "./pod-graph.ts";
import type { ContainerLike, ContainerStatusLike, PodLike } from "./pod-like.ts";
import type { PodPhase } from "./pod-status.ts";
import { qosClassOf } from "./qos.ts";
import { transition } from "./transition.ts";

/**
 * The state of a pod that was just seen, at `now`. What its status tells is taken up: start time, restart counts,
 * exits; a container that it says is running is one that was lost with the process that ran it. A pod whose phase is
 * final, or whose containers have all ended for good, is `Unmounting`: what an earlier process made of it is undone.
 */
export function initialState(pod: PodLike, now: Date, options: MachineOptions = {}): PodState {
  const status = pod.status ?? {};
  const facts: PodFacts = {
    pod,
    options,
    startTime: status.startTime ?? now,
    phase: phaseLeft(status.phase),
    qosClass: qosClassOf(pod),
    containers: containersOf(pod, now, options),
    conditionTimes: conditionTimesOf(status.conditions),
    deleted: false,
    hostIP: status.hostIP,
    podIPs: status.podIPs?.map(({ ip }) => ip) ?? (status.podIP === undefined ? [] : [status.podIP]),
  };
  const { phase } = facts;
  const { reason, message } = status;
  const state: PodState =
    phase === "Succeeded" || phase === "Failed"
      ? {
          name: "Unmounting",
          facts: stopped(facts, now),
          outcome: { phase, reason, message, rejected: (status.containerStatuses ?? []).length === 0 },
          attempt: 1,
        }
      : { name: "Registered", facts };
  return transition(state, { type: "changed", pod, at: now });
}

function phaseLeft(phase: string | undefined): PodPhase {
  return phase === "Running" || phase === "Succeeded" || phase === "Failed" ? phase : "Pending";
}

function containersOf(pod: PodLike, now: Date, options: MachineOptions): readonly Container[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const build = (spec: ContainerLike, kind: ContainerKind): Container => {
    const status = statuses.find(({ name }) => name === spec.name);
    return containerOf(specFor(spec, options), kind, now, status);
  };
  return [
    ...(pod.spec?.initContainers ?? []).map((spec) =>
      build(spec, spec.restartPolicy === "Always" ? "sidecar" : "init"),
    ),
    ...(pod.spec?.containers ?? []).map((spec) => build(spec, "regular")),
  ];
}

function containerOf(
  spec: ContainerLike,
  kind: ContainerKind,
  now: Date,
  status: ContainerStatusLike | undefined,
): Container {
  const facts = { name: spec.name, kind, spec, attempt: 0, pullFailures: 0 };
  const exit = status && exitLeft(status, now);
  if (status === undefined || exit === undefined) {
    return { ...facts, restartCount: 0, exits: 0, imageID: status?.imageID, state: { name: "Waiting" } };
  }
  const { restartCount, imageID } = status;
  return { ...facts, restartCount, exits: restartCount + 1, imageID, state: { name: "Terminated", exit } };
}

/** How the last run of a container ended that an earlier status tells of; undefined if it never ran. */
function exitLeft(
  { state, lastState, containerID }: ContainerStatusLike,
  now: Date,
): ContainerExitRecord | undefined {
  if (state?.running !== undefined) {
    return exitOf({ type: "woke", at: now }, { containerID, startedAt: state.running.startedAt });
  }
  const terminated = state?.terminated ?? lastState?.terminated;
  if (terminated === undefined) return undefined;
  const reason = terminated.reason ?? (terminated.exitCode === 0 ? "Completed" : "Error");
  return { ...terminated, reason, finishedAt: terminated.finishedAt ?? now };
}
