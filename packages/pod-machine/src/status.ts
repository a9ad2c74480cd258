import { conditionsOf, isReady, isStarted } from "./conditions.ts";
import type { Container, ContainerExitRecord } from "./container-graph.ts";
import { exitOf, isIn } from "./container-moves.ts";
import { hasSucceeded, isInitialized } from "./plan-containers.ts";
import type { PodFacts, PodState } from "./pod-graph.ts";
import type { ContainerLike, ResourcesLike, VolumeMountLike } from "./pod-like.ts";
import type { ContainerStateStatus, ContainerStatus, PodStatus, VolumeMountStatus } from "./pod-status.ts";
import { backOffMessage, NO_EPHEMERAL } from "./words.ts";

/** The whole status of a pod, as a kubelet writes it. Nothing of it depends on the time at which it is asked for. */
export function statusOf(state: PodState): PodStatus {
  const { name, facts } = state;
  const { spec } = facts.pod;
  const outcome = "outcome" in state ? state.outcome : undefined;
  const statuses = outcome?.rejected ? [] : facts.containers;
  const init = statuses.filter(({ kind }) => kind !== "regular");
  const regular = statuses.filter(({ kind }) => kind === "regular");
  return {
    phase: facts.phase,
    reason: outcome?.reason,
    message: outcome?.message,
    startTime: facts.startTime,
    observedGeneration: facts.pod.metadata?.generation,
    qosClass: facts.qosClass,
    hostIP: facts.hostIPs[0],
    hostIPs: addressesOf(facts.hostIPs),
    podIP: facts.podIPs[0],
    podIPs: addressesOf(facts.podIPs),
    conditions: conditionsOf(name, facts, outcome),
    initContainerStatuses:
      init.length === 0 ? undefined : init.map((container) => containerStatusOf(facts, container)),
    containerStatuses: regular
      .map((container) => containerStatusOf(facts, container))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...(spec?.ephemeralContainers === undefined
      ? {}
      : { ephemeralContainerStatuses: spec.ephemeralContainers.map(ephemeralStatusOf) }),
    ...(spec?.resources === undefined || outcome?.rejected === true ? {} : grantedOf(spec.resources)),
  };
}

/** They come by `kubectl debug`, to pods that run already: who waits for one is told that it will not come. */
function ephemeralStatusOf({ name, image = "" }: ContainerLike): ContainerStatus {
  return {
    name,
    image,
    imageID: "",
    restartCount: 0,
    started: false,
    ready: false,
    state: { waiting: { reason: "CreateContainerError", message: NO_EPHEMERAL } },
    lastState: {},
  };
}

function addressesOf(ips: readonly string[]): { ip: string }[] | undefined {
  return ips.length === 0 ? undefined : ips.map((ip) => ({ ip }));
}

function containerStatusOf(facts: PodFacts, container: Container): ContainerStatus {
  const { name, spec, restartCount, imageID = "", lastExit, state } = container;
  const current = "containerID" in state ? state.containerID : undefined;
  const exit = state.name === "Terminated" ? state.exit : lastExit;
  const last = showsLastExit(container) ? container.again?.before : lastExit;
  return {
    name,
    image: spec.image ?? "",
    imageID,
    containerID: current ?? exit?.containerID,
    restartCount,
    started: isStarted(container),
    ready: isReady(container),
    state: stateOf(facts, container),
    lastState: last === undefined ? {} : { terminated: exitStatusOf(last) },
    // The kubelet tells them of what the runtime knows.
    ...(current === undefined && exit === undefined ? {} : grantedOf(spec.resources ?? {})),
    volumeMounts: spec.volumeMounts?.map(mountStatusOf),
  };
}

/** Nothing is resized: what was asked for is what is granted. */
function grantedOf({ requests, limits }: ResourcesLike): Pick<PodStatus, "allocatedResources" | "resources"> {
  const resources = { requests: requests && { ...requests }, limits: limits && { ...limits } };
  return { allocatedResources: resources.requests, resources };
}

/** What is read-only here is so with all beneath it; it is told to whoever asked for it. */
function mountStatusOf({ name, mountPath, readOnly, recursiveReadOnly }: VolumeMountLike): VolumeMountStatus {
  if (readOnly !== true) return { name, mountPath };
  const asked = recursiveReadOnly === "Enabled" || recursiveReadOnly === "IfPossible";
  return { name, mountPath, readOnly, recursiveReadOnly: asked ? "Enabled" : "Disabled" };
}

function stateOf(facts: PodFacts, container: Container): ContainerStateStatus {
  const { state } = container;
  switch (state.name) {
    case "CrashBackOff":
      return {
        waiting: { reason: "CrashLoopBackOff", message: backOffMessage(facts.pod, container.name, state) },
      };
    case "Running":
    case "Terminating":
      return { running: { startedAt: state.startedAt } };
    case "Killing":
      return state.startedAt === undefined
        ? beforeRun(facts, container)
        : { running: { startedAt: state.startedAt } };
    case "Terminated":
      return { terminated: exitStatusOf(state.exit) };
    case "Abandoned":
      return abandonedState(facts, container);
    default:
      return beforeRun(facts, container);
  }
}

/**
 * Before a container runs: what the last try waited for, else what was before where there was something, as the kubelet
 * leaves it until then.
 */
function beforeRun(facts: PodFacts, { name, waiting, again, lastExit }: Container): ContainerStateStatus {
  if (waiting !== undefined) return { waiting };
  if (again === undefined || lastExit === undefined) return defaultWaiting(facts);
  const { delayMs } = again;
  if (delayMs === undefined) return { terminated: exitStatusOf(lastExit) };
  return { waiting: { reason: "CrashLoopBackOff", message: backOffMessage(facts.pod, name, { delayMs }) } };
}

/** Whether the state that is shown is the end of the last run. */
function showsLastExit(container: Container): boolean {
  const { again, waiting, state } = container;
  if (again === undefined || again.delayMs !== undefined || waiting !== undefined) return false;
  return (
    isIn(container, "Pulling", "Starting") || (state.name === "Killing" && state.startedAt === undefined)
  );
}

/** The kubelet takes it for a failure only if the pod had come so far that the container should have run. */
function abandonedState(facts: PodFacts, container: Container): ContainerStateStatus {
  if (!wasDue(facts.containers, container)) return defaultWaiting(facts);
  const { exitCode, reason, message } = exitOf({ type: "woke", at: facts.startTime });
  return { terminated: { exitCode, reason, message } };
}

/** Whether a container that never ran was kept from it by no init container before it. */
function wasDue(containers: readonly Container[], container: Container): boolean {
  const init = containers.filter(({ kind }) => kind !== "regular");
  if (container.kind !== "regular") return container.name === init[0]?.name;
  const last = init.at(-1);
  return last === undefined || hasSucceeded(last) || isInitialized(containers);
}

function defaultWaiting({ containers }: PodFacts): ContainerStateStatus {
  const reason = containers.some(({ kind }) => kind !== "regular") ? "PodInitializing" : "ContainerCreating";
  return { waiting: { reason } };
}

function exitStatusOf(exit: ContainerExitRecord): ContainerExitRecord {
  const { exitCode, reason, message, startedAt, finishedAt, containerID } = exit;
  return { exitCode, reason, message, startedAt, finishedAt, containerID };
}
